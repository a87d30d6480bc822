/* Parses, checks and answers 202. Nothing is stored: no intake on this stack can be faster. */
import { serveBaseline } from './serve-baseline.ts';

await serveBaseline('null-intake', async () => {});
