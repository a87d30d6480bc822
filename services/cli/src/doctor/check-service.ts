/* The intake or the console over HTTP: is it there, is it ready, does it take our key, and which version is it? */
import { type Finding, findingsOf } from './finding.ts';

export interface ServiceParts {
  readonly area: 'intake' | 'console';
  readonly url: string;
  /** The variable that says where it is. */
  readonly setting: string;
  readonly apiKey: string | undefined;
  readonly version: string;
  readonly ask: (url: string, headers: Readonly<Record<string, string>>) => Promise<ServiceAnswer>;
}

export type ServiceAnswer =
  | { readonly kind: 'answered'; readonly status: number; readonly text: string }
  /** A sentence that names the remedy. */
  | { readonly kind: 'failed'; readonly message: string; readonly remedy: string };

export async function checkService({
  area,
  url,
  setting,
  apiKey,
  version,
  ask,
}: ServiceParts): Promise<readonly Finding[]> {
  const { ok, warn, fail } = findingsOf(area);
  const ready = await ask(`${url}/health/ready`, {});
  if (ready.kind === 'failed') {
    return [fail(`The ${area} at ${url} does not answer: ${ready.message}.`, ready.remedy)];
  }
  if (ready.status === 503) {
    return [
      fail(
        `The ${area} at ${url} is not ready: ${detailOf(ready.text)}`,
        'It waits for Redis, or is stopping; its log says which.',
      ),
    ];
  }
  if (ready.status !== 200) {
    return [
      fail(`What answers at ${url} is no ${area} of Sluice: ${ready.status} for /health/ready.`, `Correct ${setting}.`),
    ];
  }
  const metrics = await ask(`${url}/metrics`, apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` });
  if (metrics.kind === 'failed')
    return [warn(`The ${area} at ${url} is ready, and did not answer a second time: ${metrics.message}.`)];
  if (metrics.status === 401) {
    const text =
      apiKey === undefined
        ? 'asks for a key, and SLUICE_API_KEY is not set'
        : 'does not know the key in SLUICE_API_KEY';
    return [
      fail(
        `The ${area} at ${url} is ready, but ${text}.`,
        'Make one: sluice keys create --name me --scope ingest,read --connections "*", then set SLUICE_API_KEY to what it prints.',
      ),
    ];
  }
  if (metrics.status === 403)
    return [
      warn(
        `The ${area} at ${url} is ready; the key in SLUICE_API_KEY has no scope read, so not everything can be seen.`,
      ),
    ];
  const theirs = /sluice_build_info\{[^}]*version="([^"]*)"/.exec(metrics.text)?.[1] ?? 'unknown';
  const text = `The ${area} at ${url} is ready, version ${theirs}.`;
  return [theirs === version ? ok(text) : warn(text, `This is sluice ${version}.`)];
}

function detailOf(text: string): string {
  try {
    return String((JSON.parse(text) as { detail?: unknown }).detail ?? text.slice(0, 200));
  } catch {
    return text.slice(0, 200);
  }
}
