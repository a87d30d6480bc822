import type { TestContext } from 'node:test';
import {
  buildServer,
  type HttpServer,
  listen,
  type ServerLimits,
  type ServerSettings,
  stopServer,
} from '../src/index.ts';

export interface Started {
  readonly server: HttpServer;
  readonly port: number;
  readonly logged: unknown[];
  readonly answered: unknown[];
}

/** A server with one route that echoes what it parsed, `POST /echo`; it ends with the test. */
export async function startServer(
  t: TestContext,
  limits: Partial<ServerLimits> = {},
  settings: Partial<ServerSettings> = {},
  addRoutes: (app: HttpServer['app']) => void = () => {},
): Promise<Started> {
  const logged: unknown[] = [];
  const answered: unknown[] = [];
  const server = buildServer({
    logger: { error: (fields) => logged.push(fields), debug: () => {} },
    requestId: () => 'made-by-us',
    hostsAllowed: 'local',
    bodyBytesMax: 10_000,
    health: { ready: () => ({ ready: true }) },
    onAnswered: (answer) => answered.push(answer),
    limits,
    ...settings,
  });
  server.app.post('/echo', async (request) => ({ body: request.body ?? null }));
  server.app.post('/fail', async () => {
    throw Object.assign(new Error('redis://u:canary@10.0.0.1 ERR WRONGTYPE at /srv/app/x.ts'), { statusCode: 502 });
  });
  server.app.get('/param/:id', async (request) => request.params);
  addRoutes(server.app);
  const url = await listen(server, { host: '127.0.0.1', port: 0 });
  t.after(() => stopServer(server, 1000));
  return { server, port: Number(new URL(url).port), logged, answered };
}
