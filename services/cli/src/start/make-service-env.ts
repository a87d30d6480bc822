/* The environment of one service under `npm start`. */

/** The emulator takes any; they are no secret, because it is one nobody can use elsewhere. */
export const EMULATED_GRAPH = {
  GRAPH_TENANT_ID: '5106ce00-0000-4000-8000-00000000e0e0',
  GRAPH_CLIENT_ID: '5106ce00-0000-4000-8000-00000000c11e',
  GRAPH_CLIENT_SECRET: 'for-the-emulator-only',
} as const;

export interface ServiceAddresses {
  readonly redisUrl: string;
  /** null: the real Graph, as the environment says. */
  readonly emulatorUrl: string | null;
  readonly port: number;
  readonly dataDir: string;
}

/**
 * With the emulator, credentials of the real Graph that lie around in the environment are left out: two kinds at once are an error, and
 * none of them is the emulator's business.
 */
export function makeServiceEnv(env: NodeJS.ProcessEnv, at: ServiceAddresses): NodeJS.ProcessEnv {
  // Where a file says it, both would be one too many, and the services read it anew when it changes.
  const redis = env['REDIS_URL_FILE'] ? {} : { REDIS_URL: at.redisUrl };
  const ours = { ...redis, PORT: String(at.port), SLUICE_DATA_DIR: at.dataDir };
  if (at.emulatorUrl === null) return { ...env, ...ours };
  const kept = Object.entries(env).filter(([name]) => !/^(GRAPH|AZURE)_(?!VERSION$)/.test(name));
  return {
    ...Object.fromEntries(kept),
    ...ours,
    ...EMULATED_GRAPH,
    GRAPH_BASE_URL: at.emulatorUrl,
    GRAPH_TOKEN_URL: `${at.emulatorUrl}/${EMULATED_GRAPH.GRAPH_TENANT_ID}/oauth2/v2.0/token`,
  };
}
