/* npm run docs: writes the pages that are made from tables in the code. */
import { fileURLToPath } from 'node:url';
import { writePages } from './pages.ts';

writePages(fileURLToPath(new URL('../..', import.meta.url)), (text) => console.log(text));
