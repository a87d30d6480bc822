/* What Microsoft's own clients of Graph need to speak to services of a test: https, and a token. */
import { type AddressInfo, connect } from 'node:net';
import { createServer, getCACertificates, type Server, setDefaultCACertificates } from 'node:tls';
import {
  AnonymousAuthenticationProvider,
  HttpMethod,
  type Parsable,
  type ParsableFactory,
  RequestInformation,
} from '@microsoft/kiota-abstractions';
import { GraphRequestAdapter } from '@microsoft/msgraph-sdk';
import {
  createExternalActivityResultFromDiscriminatorValue,
  type ExternalActivity,
  type ExternalActivityResult,
  serializeExternalActivity,
} from '@microsoft/msgraph-sdk/models/externalConnectors/index.js';
import { makeCertificate } from '@sluice/testing';
import type { System } from './start-system.ts';

export interface TlsFronts {
  /** The clients send their token over https alone, so TLS stands before services, as in production. */
  before(url: string): Promise<string>;
  close(): void;
}

export function openTlsFronts(): TlsFronts {
  const certificate = makeCertificate('localhost');
  setDefaultCACertificates([...getCACertificates('default'), certificate.certificatePem]);
  const fronts: Server[] = [];
  return {
    before: async (url) => {
      const { port, hostname } = new URL(url);
      const keys = { cert: certificate.certificatePem, key: certificate.privateKeyPem };
      const front = createServer(keys, (outside) => {
        const inside = connect(Number(port), hostname);
        outside.pipe(inside).pipe(outside);
        for (const [one, other] of [
          [outside, inside],
          [inside, outside],
        ] as const) {
          one.on('error', () => {});
          one.on('close', () => other.destroy());
        }
      });
      await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', resolve));
      fronts.push(front);
      return `https://localhost:${(front.address() as AddressInfo).port}`;
    },
    close: () => {
      for (const front of fronts) front.close();
    },
  };
}

/** The emulator, as Graph, checks tokens; an intake without keys does not. */
export async function fetchToken({ env }: Pick<System, 'env'>, clientId: string): Promise<string> {
  const body = new URLSearchParams({
    client_id: clientId,
    client_secret: 'any',
    grant_type: 'client_credentials',
    scope: 'https://graph.microsoft.com/.default',
  });
  const response = await fetch(env['GRAPH_TOKEN_URL']!, { method: 'POST', body });
  return ((await response.json()) as { access_token: string }).access_token;
}

interface Results extends Parsable {
  value?: ExternalActivityResult[] | undefined;
}

/** The newer client, with the models it makes from Graph's description. */
export async function addByModels(
  to: { readonly baseUrl: string; readonly path: string; readonly token: string },
  activities: readonly ExternalActivity[],
) {
  const adapter = new GraphRequestAdapter(new AnonymousAuthenticationProvider());
  adapter.baseUrl = `${to.baseUrl}/v1.0`;
  const request = new RequestInformation(HttpMethod.POST, `{+baseurl}${to.path}`, { baseurl: adapter.baseUrl });
  request.setContentFromParsable(adapter, 'application/json', { activities } as Parsable, (writer) =>
    writer.writeCollectionOfObjectValues('activities', [...activities], serializeExternalActivity),
  );
  request.headers.add('Authorization', `Bearer ${to.token}`);
  request.headers.add('Accept', 'application/json');
  const results: ParsableFactory<Results> =
    () =>
    (into = {}) => ({
      value: (node) => {
        into.value = node.getCollectionOfObjectValues(createExternalActivityResultFromDiscriminatorValue);
      },
    });
  return (await adapter.send(request, results, undefined))?.value;
}
