/* The worker of the compose file: with the credential of .env, or against the emulator of the demo. */
import '../../services/cli/src/stop-early.ts';
import { findGraph } from './find-graph.ts';

const graph = await findGraph(process.env);
if (graph.kind === 'missing') {
  console.error(graph.sentence);
  process.exit(78);
}
if (graph.kind === 'demo') Object.assign(process.env, graph.env);
await import('../../services/worker/src/main.ts');
