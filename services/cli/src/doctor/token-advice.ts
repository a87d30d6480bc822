/*
  What to do about a token that was refused, by the number that Entra's description begins with. Only advice: what a refusal
  means is decided elsewhere, by OAuth error and status, because Entra may change its numbers.
*/

/** Source: learn.microsoft.com/entra/identity-platform/reference-error-codes. */
const ADVICE: readonly (readonly [numbers: readonly number[], remedy: string])[] = [
  [
    [7_000_215],
    'The secret is wrong: copy the Value of a client secret (not its Secret ID) from the app registration, Certificates & secrets, into GRAPH_CLIENT_SECRET_FILE or GRAPH_CLIENT_SECRET. The value is shown only once: make a new secret when it is lost.',
  ],
  [
    [7_000_222],
    'The secret has expired: make a new one in the app registration, Certificates & secrets, write it into GRAPH_CLIENT_SECRET_FILE (workers read the file again by themselves), and set GRAPH_CLIENT_SECRET_EXPIRES to its last day.',
  ],
  [
    [700_016],
    'The application is not in this tenant: compare GRAPH_CLIENT_ID with the Application (client) ID and GRAPH_TENANT_ID with the Directory (tenant) ID on the overview page of the app registration. An application of another tenant needs an administrator’s consent here first.',
  ],
  [
    [90_002, 90_023],
    'There is no such tenant in this cloud: compare GRAPH_TENANT_ID with the Directory (tenant) ID of the app registration, and GRAPH_CLOUD with where the tenant is (global, usgov, usgov-dod).',
  ],
  [
    [700_027, 7_000_273],
    'Entra does not know this certificate: upload the .crt (not the key) to the app registration, Certificates & secrets, and compare the thumbprint.',
  ],
  [[700_024], 'The proof of the certificate is outside its time: set this machine’s clock by NTP.'],
  [
    [70_021, 700_211, 700_212, 700_213],
    'No federated credential of the app registration fits this token: compare issuer, subject and audience (api://AzureADTokenExchange) under Certificates & secrets, Federated credentials.',
  ],
  [
    [7_000_112, 500_014],
    'The application is disabled in this tenant: an administrator enables it under Enterprise applications, Properties, Enabled for users to sign-in.',
  ],
  [[53_003], 'A Conditional Access policy for workload identities blocks the application: ask who keeps the policies.'],
  [[7_000_218], 'No secret and no certificate came with the request: set one of them.'],
];

/** By what a request that did not come through failed with. */
const NETWORK: Readonly<Record<string, string>> = {
  dns: 'its name is not found: check DNS on this machine, and whether a proxy must be named (HTTPS_PROXY or GRAPH_PROXY_URL)',
  refused:
    'nothing takes connections there: a firewall, or a proxy that must be named or refuses (HTTPS_PROXY, GRAPH_PROXY_URL)',
  'connect-timeout':
    'no connection came about in time: a firewall drops it, or a proxy must be named (HTTPS_PROXY, GRAPH_PROXY_URL)',
  tls: 'the certificate is not trusted: where a proxy opens TLS, name its certificate with NODE_EXTRA_CA_CERTS, here and for the workers; else look at the clock',
  timeout: 'it took the request and did not answer in time',
  reset: 'the connection broke off',
  protocol: 'what answered does not speak HTTP as expected',
};

const OTHERWISE =
  'Compare GRAPH_TENANT_ID, GRAPH_CLIENT_ID and the secret or certificate with the app registration; docs/credentials.md goes through each kind.';

export function adviseRefusal(message: string): string {
  const number = Number(/AADSTS(\d+)/.exec(message)?.[1]);
  return ADVICE.find(([numbers]) => numbers.includes(number))?.[1] ?? OTHERWISE;
}

/** `where`: host and port; `proxy`: what requests go through, without a password. */
export function adviseNetwork(code: string, where: string, proxy: string | null): string {
  const why = NETWORK[code] ?? 'it did not answer as expected';
  const via = proxy === null ? '' : ` Requests go through the proxy ${proxy}: it must allow CONNECT to ${where}.`;
  return `${where}: ${why}.${via} Try: curl -v https://${where}/`;
}
