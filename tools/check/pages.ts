/* The pages that are made from tables in the code: what each must say. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeSchema, describeSettings, loadConfig } from '@sluice/config';
import { describeApi } from '@sluice/intake/openapi';
import { describeAnswers } from './describe-answers.ts';

const PAGES = {
  'docs/answers.md': describeAnswers,
  'docs/configuration.md': describeSettings,
  'docs/config.schema.json': describeSchema,
  'docs/openapi.json': describeIntake,
} as const;

/** As an intake without settings says it. */
function describeIntake(): string {
  const { performerIds, activityBytesMax, requestActivitiesMax: activitiesMax, bodyBytesMax } = loadConfig({}).config;
  const rules = { performerIds, activityBytesMax, activitiesMax, bodyBytesMax };
  return `${JSON.stringify(describeApi(rules), null, 2)}\n`;
}

/** One sentence for each page that does not say what the code does. */
export function stalePages(root: string): readonly string[] {
  return Object.entries(PAGES).flatMap(([page, describe]) =>
    readOrNull(join(root, page)) === describe()
      ? []
      : [`${page} is not what the code says; \`npm run docs\` writes it`],
  );
}

export function writePages(root: string, tell: (text: string) => void): void {
  for (const [page, describe] of Object.entries(PAGES)) {
    writeFileSync(join(root, page), describe());
    tell(`${page} is written.`);
  }
}

function readOrNull(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}
