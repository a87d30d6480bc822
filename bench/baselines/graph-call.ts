/* One POST of activities to Graph, as a user of undici writes it. */
import { Pool } from 'undici';

export interface GraphCalls {
  readonly pool: Pool;
  /** Throws unless Graph took the call. `item` is the whole path of the item's action. */
  post(path: string, body: string | Buffer): Promise<void>;
}

export async function openGraphCalls(graphUrl: string, connections: number): Promise<GraphCalls> {
  const pool = new Pool(graphUrl, { connections, pipelining: 1 });
  const headers = { authorization: `Bearer ${await fetchToken(graphUrl)}`, 'content-type': 'application/json' };
  return {
    pool,
    post: async (path, body) => {
      const { statusCode, body: answer } = await pool.request({ path, method: 'POST', headers, body });
      await answer.dump();
      if (statusCode !== 200) throw new Error(`Graph answered ${statusCode}`);
    },
  };
}

export function pathOf(connectionId: string, itemId: string): string {
  return `/v1.0/external/connections/${connectionId}/items/${itemId}/addActivities`;
}

/** Good for an hour; no measurement lasts as long. */
async function fetchToken(graphUrl: string): Promise<string> {
  const form = new URLSearchParams({
    grant_type: 'client_credentials',
    client_id: 'bench',
    client_secret: 'a secret of this measurement',
    scope: 'https://graph.microsoft.com/.default',
  });
  const response = await fetch(`${graphUrl}/bench/oauth2/v2.0/token`, { method: 'POST', body: form });
  const { access_token: token } = (await response.json()) as { access_token?: string };
  if (token === undefined) throw new Error(`no token from ${graphUrl}: ${response.status}`);
  return token;
}
