/* npm run docs -w @sluice/config: writes the pages that are made from the table. */
import { writeFileSync } from 'node:fs';
import { describeSchema } from './describe-schema.ts';
import { describeSettings } from './describe-settings.ts';

const DOCS = new URL('../../../docs/', import.meta.url);
writeFileSync(new URL('configuration.md', DOCS), describeSettings());
writeFileSync(new URL('config.schema.json', DOCS), describeSchema());
