/* Writes docs/configuration.md from the table, so that the page cannot say anything else than the code does. */
import type { Setting } from './setting.ts';
import { SETTING_GROUPS } from './settings.ts';

const OPENING = `# Configuration

Sluice is configured by environment variables. An empty variable counts as unset. A wrong value stops the start with one
message that names every wrong setting, and exit code 78. A \`SLUICE_\` or \`GRAPH_\` name that Sluice does not know is
logged as a warning at start (Kubernetes' \`*_PORT\` and \`*_SERVICE_*\` excepted).

Settings marked *secret* are never shown or logged. Each of them may be given as a file instead: \`NAME_FILE\` holds the
path, and the content without white space around it is the value. To set both is an error.

This page is generated from the table in \`packages/config/src/settings.ts\`; a test compares the two. To write it anew:
\`npm run docs -w @sluice/config\`.
`;

/** docs/configuration.md. */
export function describeSettings(): string {
  const sections = SETTING_GROUPS.map(({ title, settings }) => {
    const rows = settings.map(describeRow);
    return `## ${title}\n\n| variable | default | rule | meaning |\n|---|---|---|---|\n${rows.join('\n')}\n`;
  });
  return [OPENING, ...sections].join('\n');
}

function describeRow(setting: Setting<unknown>): string {
  const secret = setting.secret ? ' (*secret*)' : '';
  const cells = [`\`${setting.name}\`${secret}`, setting.fallbackShown, setting.rule, setting.meaning];
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replace(/^\*$/, '`*`')).join(' | ')} |`;
}
