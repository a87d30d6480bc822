/* A launcher as `npm start` is one, but with the plan that the test hands over as JSON. */
import { start } from '../../src/start/start.ts';
import type { StartPlan } from '../../src/start/start-plan.ts';

const plan: StartPlan = JSON.parse(process.argv[2] ?? '');
const exitCode = await start(plan, {
  env: process.env,
  cwd: plan.dataDir,
  root: plan.dataDir,
  in: process.stdin,
  out: process.stdout,
  err: process.stderr,
  exit: (code) => process.exit(code),
});
process.exit(exitCode);
