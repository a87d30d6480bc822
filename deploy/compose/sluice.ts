/* The command line of the compose file: what looks at Graph (doctor) looks where the worker delivers, in the demo as well. */
import { findGraph } from './find-graph.ts';

const graph = await findGraph(process.env);
// Without a credential it says itself what is missing; most commands need none.
if (graph.kind === 'demo') Object.assign(process.env, graph.env);
await import(new URL('../../services/cli/src/main.ts', import.meta.url).href);
