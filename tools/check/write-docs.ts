/* npm run docs: writes the pages that are made from tables in the code. */
import { writeFileSync } from 'node:fs';
import { describeSettings } from '@sluice/config';
import { describeAnswers } from './describe-answers.ts';

const PAGES = { 'answers.md': describeAnswers, 'configuration.md': describeSettings } as const;

for (const [page, describe] of Object.entries(PAGES)) {
  writeFileSync(new URL(`../../docs/${page}`, import.meta.url), describe());
  console.log(`docs/${page} is written.`);
}
