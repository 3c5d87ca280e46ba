import { generateKeyPair } from 'node:crypto';
import { promisify } from 'node:util';
import type { SimulatedApi } from '@iris/simulation';
import type { OktaCredentials } from './okta-access.js';
import { oktaBehaviour } from './okta-api.js';

/** The simulated Okta API. Its key pair is made at each start. */
export const simulatedApi: SimulatedApi<OktaCredentials> = {
  credentials: async () => {
    const { privateKey } = await promisify(generateKeyPair)('rsa', {
      modulusLength: 2048,
      publicKeyEncoding: { type: 'spki', format: 'pem' },
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    });
    return {
      token: '00SandboxOktaApiToken',
      clientId: '0oaSandboxServiceApp',
      keyId: 'sandbox-key-1',
      privateKey,
      scopes: ['okta.users.read', 'okta.groups.read'],
    };
  },
  typicalLatencyMs: 120,
  behaviour: oktaBehaviour,
  enricherEnvironment: (url, { token }) => ({ IRIS_OKTA_URL: url, IRIS_OKTA_TOKEN: token }),
};
