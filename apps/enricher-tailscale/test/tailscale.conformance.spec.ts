import { runConformance } from '@iris/enricher-kit/testing';
import { afterAll, describe, expect, it } from '@jest/globals';
import {
  bulkBesideLookups,
  createSource,
  lookup,
  person,
  type Sandbox,
  SharedSandbox,
  simulatedVendor,
} from '../../../test/conformance/sandbox-vendor.js';
import { definition } from '../src/definition.js';

const shared = new SharedSandbox();
afterAll(() => shared.close());

function environment({ urls, credentials }: Sandbox): Record<string, string> {
  return {
    IRIS_TAILSCALE_URL: `${urls.tailscale}/api/v2`,
    IRIS_TAILSCALE_CLIENT_ID: credentials.tailscale.clientId,
    IRIS_TAILSCALE_CLIENT_SECRET: credentials.tailscale.clientSecret,
  };
}

const node = (name: string, nodeId: string) => ({ ...person(name), nodeId });

runConformance('tailscale', {
  askedBy: 'node',
  start: async () => {
    const sandbox = await shared.fresh();
    return {
      ...simulatedVendor(sandbox, 'tailscale'),
      source: createSource(definition, environment(sandbox)),
      known: node('ana', 'nAnaMacCNTRL'),
      unknown: node('ana', 'nGoneCNTRL'),
      secrets: [sandbox.credentials.tailscale.clientSecret],
    };
  },
});

describe('over the company', () => {
  const start = async () => {
    const sandbox = await shared.fresh();
    return { sandbox, source: createSource(definition, environment(sandbox)) };
  };

  it.each([
    ['by Kandji', 'ana', 'nAnaMacCNTRL', true],
    ['by Intune', 'dev', 'nDevLaptopCNTRL', true],
    ['by a custom attribute', 'gus', 'nGusBoxCNTRL', true],
    ['not, by Intune', 'jo', 'nJoLaptopCNTRL', false],
    ['unknown, without any of the attributes', 'finn', 'nFinnMacCNTRL', undefined],
  ])('checks whether a device is managed: %s', async (_, name, nodeId, managed) => {
    const { source } = await start();
    const result = await lookup(source, node(name, nodeId));
    expect(result).toMatchObject({ attributes: { device: { id: nodeId, user: `${name}@lumen.example` } } });
    const device = result.status === 'FOUND' ? (result.attributes.device as { managed?: boolean }) : {};
    expect(device.managed).toBe(managed);
  });

  it('ends the answer with an attribute', async () => {
    const { source } = await start();
    const result = await lookup(source, node('kai', 'nKaiMacCNTRL'));
    expect(result).toMatchObject({ attributes: { device: { managed: true } }, endsAt: expect.any(Number) });
  });

  it('describes a tagged node without a person', async () => {
    const { source } = await start();
    const result = await lookup(source, { principal: 'nCiRunner1CNTRL', nodeId: 'nCiRunner1CNTRL' });
    expect(result).toMatchObject({ attributes: { device: { tags: ['tag:ci'] } } });
    const device = result.status === 'FOUND' ? (result.attributes.device as object) : {};
    expect(device).not.toHaveProperty('user');
  });

  it('signs in with an API key', async () => {
    const sandbox = await shared.fresh();
    const source = createSource(definition, {
      ...environment(sandbox),
      IRIS_TAILSCALE_AUTHORIZATION: 'api_key',
      IRIS_TAILSCALE_API_KEY: sandbox.credentials.tailscale.apiKey,
    });
    await expect(lookup(source, node('ana', 'nAnaMacCNTRL'))).resolves.toMatchObject({ status: 'FOUND' });
  });

  it('reads in bulk what lookups find, a tagged node as its own subject', async () => {
    const { source } = await start();
    const devices = await bulkBesideLookups(source);
    expect(devices.length).toBeGreaterThan(30);
    for (const { bulk, single } of devices) expect(bulk).toEqual(single);
    const subjects = devices.map(({ subject }) => subject);
    expect(subjects).toContainEqual({ principal: 'nCiRunner1CNTRL', nodeId: 'nCiRunner1CNTRL' });
    expect(subjects).toContainEqual(node('ana', 'nAnaMacCNTRL'));
  });
});
