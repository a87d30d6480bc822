/* Graph as an application with a secret reaches it, at addresses of the test's. */
import type { GraphConfig } from '../src/index.ts';

export function graphOfAnApp(places: Pick<GraphConfig, 'baseUrl' | 'tokenUrl'> & Partial<GraphConfig>): GraphConfig {
  return {
    credential: {
      kind: 'app',
      tenantId: '8f0d2c2e-0f8b-4f0e-9a39-3b1f0a7f9c11',
      clientId: '1f0c997e-99f7-43f1-8cca-086f8d42be8d',
      proof: { kind: 'secret', secret: 'canary-secret' },
    },
    cloud: 'global',
    version: 'v1.0',
    ...places,
  };
}
