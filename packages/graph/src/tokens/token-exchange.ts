/*
  deliver: MSAL's network, for one token request. MSAL's own has no timeout and no bound, and what its errors keep of an answer
  is not enough to tell a refused credential from a busy provider: so the answer is remembered here.
*/
import type { INetworkModule, NetworkRequestOptions, NetworkResponse } from '@azure/msal-node';
import type { Failure } from '../send/classify-failure.ts';
import type { Post } from '../send/open-post.ts';

export const TOKEN_TIMEOUT_MS = 10_000;

export interface TokenExchange {
  readonly network: INetworkModule;
  /** What came back; null: MSAL did not get as far as asking. */
  readonly seen: () => TokenAnswer | null;
  /** What was sent and must appear in no message. */
  readonly secrets: () => readonly string[];
}

export type TokenAnswer =
  | {
      readonly kind: 'answered';
      readonly status: number;
      readonly retryAfter: string | null;
      readonly date: string | null;
      /** The JSON object of the answer; null: it was none. */
      readonly body: Readonly<Record<string, unknown>> | null;
    }
  | ({ readonly kind: 'failed' } & Failure);

const SECRET_MEMBERS = ['client_secret', 'client_assertion'];
/** App Service's. */
const SECRET_HEADER = 'X-IDENTITY-HEADER';

export function openTokenExchange(postTo: (origin: string) => Post): TokenExchange {
  let seen: TokenAnswer | null = null;
  let secrets: readonly string[] = [];

  async function ask<T>(
    url: string,
    {
      body: sent,
      headers = {},
    }: { readonly body: string | null; readonly headers: Record<string, string> | undefined },
  ): Promise<NetworkResponse<T>> {
    const { origin, pathname, search } = new URL(url);
    const form = new URLSearchParams(sent ?? '');
    secrets = [...SECRET_MEMBERS.flatMap((name) => form.getAll(name)), headers[SECRET_HEADER] ?? ''];
    const answer = await postTo(origin).post({
      path: pathname + search,
      headers: Object.entries(headers).flat(),
      body: sent,
      timeoutMs: TOKEN_TIMEOUT_MS,
      latestStartMs: Number.POSITIVE_INFINITY,
      signal: null,
    });
    if (answer.kind === 'failed') {
      seen = answer;
      throw new Error(answer.message);
    }
    const { 'retry-after': retryAfter = null, date = null } = answer.headers;
    const body = answer.problem === null ? parseObject(answer.text) : null;
    seen = { kind: 'answered', status: answer.status, retryAfter, date, body };
    // Azure Arc's identity endpoint challenges; of nothing else does MSAL need to know the headers.
    const { 'www-authenticate': challenge } = answer.headers;
    const known = challenge === undefined ? {} : { 'www-authenticate': String(challenge) };
    return { headers: known, status: answer.status, body: (body ?? {}) as T };
  }

  return {
    seen: () => seen,
    secrets: () => secrets,
    network: {
      sendPostRequestAsync: (url: string, options?: NetworkRequestOptions) =>
        ask(url, { body: options?.body ?? '', headers: options?.headers }),
      sendGetRequestAsync: (url: string, options?: NetworkRequestOptions) =>
        ask(url, { body: null, headers: options?.headers }),
    },
  };
}

function parseObject(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null;
  } catch {
    return null;
  }
}
