/* npm run docs: writes the pages that are made from tables in the code. */
import { writeFileSync } from 'node:fs';
import { describeSchema, describeSettings } from '@sluice/config';
import { describeAnswers } from './describe-answers.ts';

const PAGES = {
  'answers.md': describeAnswers,
  'configuration.md': describeSettings,
  'config.schema.json': describeSchema,
} as const;

for (const [page, describe] of Object.entries(PAGES)) {
  writeFileSync(new URL(`../../docs/${page}`, import.meta.url), describe());
  console.log(`docs/${page} is written.`);
}
