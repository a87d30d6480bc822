/* Loaded before a service that npx runs: the end of npx, even by kill -9, is a SIGTERM for the service. */
import { watchParents } from './watch-parents.ts';

watchParents(() => process.kill(process.pid, 'SIGTERM'));
