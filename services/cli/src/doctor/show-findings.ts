/* The findings for people: a heading for each area, what was seen, and under what is wrong what to do. */

import { inert } from '../inert.ts';
import type { Output } from '../world.ts';
import type { Finding, FindingState } from './finding.ts';

const HEADINGS: Readonly<Record<string, string>> = {
  settings: 'Settings',
  credential: 'Credential',
  graph: 'Microsoft Graph',
  redis: 'Redis',
  workers: 'Workers',
  intake: 'Intake',
  console: 'Console',
  connections: 'Connections',
  delivery: 'One activity for real',
};
const MARKS: Readonly<Record<FindingState, string>> = { ok: 'ok', warn: 'warn', fail: 'FAIL', skipped: '-' };
const COLORS: Readonly<Record<FindingState, number>> = { ok: 32, warn: 33, fail: 31, skipped: 90 };
const INDENT = 8;
const COLUMNS_MAX = 120;

export interface Screen {
  readonly tell: (finding: Finding) => void;
  readonly say: (line: string) => void;
}

export function openScreen(out: Output, env: NodeJS.ProcessEnv): Screen {
  const colored = out.isTTY === true && !env['NO_COLOR'];
  const columns = Math.min(COLUMNS_MAX, out.columns ?? COLUMNS_MAX);
  let area = '';
  function enter(next: string): void {
    if (next !== area) out.write(`${area === '' ? '' : '\n'}${HEADINGS[next] ?? next}\n`);
    area = next;
  }
  return {
    tell: (finding) => {
      enter(finding.area);
      const mark = MARKS[finding.state].padEnd(4);
      const shown = colored ? `\u001b[${COLORS[finding.state]}m${mark}\u001b[0m` : mark;
      const text = wrap(finding.text, columns - INDENT).join(`\n${' '.repeat(INDENT)}`);
      out.write(`  ${shown}  ${text}\n`);
      if (finding.remedy === null) return;
      out.write(
        `${wrap(`Do: ${finding.remedy}`, columns - INDENT)
          .map((line) => `${' '.repeat(INDENT)}${line}\n`)
          .join('')}`,
      );
    },
    say: (line) => {
      enter('delivery');
      out.write(inert(`      ${line}\n`));
    },
  };
}

/** At spaces alone: what is to be copied stays whole. */
export function wrap(text: string, columns: number): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of inert(text.replaceAll(/\s+/g, ' ')).trim().split(' ')) {
    if (line !== '' && line.length + 1 + word.length > columns) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}

/** The last line. */
export function summaryOf(findings: readonly Finding[]): string {
  const count = (state: FindingState) => findings.filter((finding) => finding.state === state).length;
  const [failed, warned] = [count('fail'), count('warn')];
  const warnings = warned === 0 ? '' : `${warned === 1 ? ' One warning' : ` ${warned} warnings`}, worth a look.`;
  if (failed === 0) return `Nothing is wrong.${warnings}`;
  return `${failed === 1 ? 'One thing is' : `${failed} things are`} wrong; begin with the first.${warnings}`;
}
