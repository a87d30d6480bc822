/*
  Where deliveries of the compose file go: to Microsoft Graph with the credential of .env, or to the emulator when it runs beside us
  (`docker compose --profile demo up`), or nowhere, and then in one sentence what is needed.
*/
import { lookup } from 'node:dns/promises';

const CREDENTIALS = [
  'GRAPH_CLIENT_SECRET',
  'GRAPH_CLIENT_SECRET_FILE',
  'GRAPH_CLIENT_CERTIFICATE_PATH',
  'GRAPH_FEDERATED_TOKEN_FILE',
  'GRAPH_MANAGED_IDENTITY',
];
const EMULATOR = 'http://emulator:8090';
const DEMO_TENANT = '5106ce00-0000-4000-8000-00000000e0e0';

/** Of the emulator, which takes any credential. The network is the compose file's own, so http does. */
const DEMO = {
  GRAPH_TENANT_ID: DEMO_TENANT,
  GRAPH_CLIENT_ID: '5106ce00-0000-4000-8000-00000000c11e',
  GRAPH_CLIENT_SECRET: 'of the demo',
  GRAPH_BASE_URL: EMULATOR,
  GRAPH_TOKEN_URL: `${EMULATOR}/${DEMO_TENANT}/oauth2/v2.0/token`,
  SLUICE_ALLOW_INSECURE: '1',
};

export type Graph =
  | { readonly kind: 'configured' }
  | { readonly kind: 'demo'; readonly env: Readonly<Record<string, string>> }
  | { readonly kind: 'missing'; readonly sentence: string };

export async function findGraph(
  env: Readonly<Record<string, string | undefined>>,
  emulatorRuns: () => Promise<boolean> = resolves,
): Promise<Graph> {
  const isSet = (name: string) => (env[name] ?? '') !== '';
  const isGiven = (name: string) => isSet(name) || isSet(name.replace(/^GRAPH_/, 'AZURE_'));
  if (isSet('SLUICE_CONFIG') || CREDENTIALS.some(isGiven)) return { kind: 'configured' };
  if (await emulatorRuns()) return { kind: 'demo', env: DEMO };
  return {
    kind: 'missing',
    sentence:
      'No credential for Microsoft Graph: put GRAPH_TENANT_ID, GRAPH_CLIENT_ID and GRAPH_CLIENT_SECRET into .env beside docker-compose.yml, or try Sluice without Microsoft: docker compose --profile demo up',
  };
}

/** The name exists on the network as long as the container of that profile runs. */
async function resolves(): Promise<boolean> {
  return lookup('emulator').then(
    () => true,
    () => false,
  );
}
