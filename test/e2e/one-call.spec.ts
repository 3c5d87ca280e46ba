import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Mesh, startMesh } from '../../apps/sandbox/src/mesh/mesh.js';
import { VENDOR_NAMES } from '../../apps/sandbox/src/vendor-name.js';
import { deviceOf, fateOf, postHook, preRequest } from './hook-client.js';

const HOOKS = 200;
const LOGIN = 'ben@lumen.example';

let mesh: Mesh;

beforeAll(async () => {
  mesh = await startMesh({
    root: process.cwd(),
    sandbox: { latencyMs: { okta: 150, workday: 150, servicenow: 150, pagerduty: 150, tailscale: 150 } },
    commonEnv: { IRIS_BULK_INTERVAL_SECONDS: '0' },
    gatewayEnv: { IRIS_HOOK_BUDGET_MS: '20000' },
  });
}, 180_000);
afterAll(() => mesh?.close());

describe('many cold hooks of one person at once', () => {
  it('cost one lookup at each vendor', async () => {
    const nodeId = deviceOf(mesh, LOGIN);
    const replies = await Promise.all(
      Array.from({ length: HOOKS }, () =>
        postHook(mesh.gateways[0], preRequest({ login: LOGIN, tool: 'Read', input: { file_path: '/x' }, nodeId })),
      ),
    );
    expect(replies.filter((reply) => fateOf(reply) !== 'passed').map(({ body }) => body.message)).toEqual([]);
    for (const vendor of VENDOR_NAMES) {
      const { total, byRoute } = mesh.sandbox.admin.calls(vendor);
      expect(total).toBeGreaterThan(0);
      // A lookup may take several requests, of other pages and tables; none of them is made twice.
      const repeated = mesh.sandbox.admin.calls(vendor).calls.map(({ method, url }) => `${method} ${url}`);
      expect({ vendor, byRoute, repeated: repeated.length }).toEqual({
        vendor,
        byRoute,
        repeated: new Set(repeated).size,
      });
    }
  }, 120_000);
});
