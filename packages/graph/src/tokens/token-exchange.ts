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

export function openTokenExchange(post: Post): TokenExchange {
  let seen: TokenAnswer | null = null;

  async function sendPostRequestAsync<T>(url: string, options?: NetworkRequestOptions): Promise<NetworkResponse<T>> {
    const { pathname, search } = new URL(url);
    const answer = await post.post({
      path: pathname + search,
      headers: Object.entries(options?.headers ?? {}).flat(),
      body: options?.body ?? '',
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
    return { headers: {}, status: answer.status, body: (body ?? {}) as T };
  }

  return {
    seen: () => seen,
    network: {
      sendPostRequestAsync,
      // With the endpoints given there is nothing to discover.
      sendGetRequestAsync: () => Promise.reject(new Error('only the token endpoint is asked')),
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
