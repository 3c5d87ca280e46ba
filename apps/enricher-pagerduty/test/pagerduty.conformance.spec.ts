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
  return { IRIS_PAGERDUTY_URL: urls.pagerduty, IRIS_PAGERDUTY_TOKEN: credentials.pagerduty.token };
}

runConformance('pagerduty', {
  askedBy: 'login',
  start: async () => {
    const sandbox = await shared.fresh();
    return {
      ...simulatedVendor(sandbox, 'pagerduty'),
      source: createSource(definition, environment(sandbox)),
      known: person('ana'),
      unknown: person('nobody.here'),
      secrets: [sandbox.credentials.pagerduty.token],
    };
  },
});

describe('over the company', () => {
  const start = async () => {
    const sandbox = await shared.fresh();
    return { sandbox, source: createSource(definition, environment(sandbox)) };
  };

  it('reads who is on call, for what, and until when', async () => {
    const { source } = await start();
    await expect(lookup(source, person('ana'))).resolves.toMatchObject({
      status: 'FOUND',
      attributes: {
        onCall: true,
        primary: true,
        services: ['orders-api', 'orders-db'],
        oncalls: [{ policy: 'Orders', schedule: 'Orders Primary', level: 1 }],
        incidents: [{ number: 101, service: 'orders-api', urgency: 'high', status: 'acknowledged' }],
      },
      endsAt: expect.any(Number),
    });
  });

  it('reports the second level from the first, and who is on no schedule', async () => {
    const { source } = await start();
    await expect(lookup(source, person('uma'))).resolves.toMatchObject({
      attributes: { onCall: true, primary: false, incidents: [{ number: 87 }] },
    });
    const kai = await lookup(source, person('kai'));
    expect(kai).toMatchObject({ attributes: { onCall: true, primary: false, oncalls: [{ level: 3 }] } });
    expect(kai.status === 'FOUND' && 'onCallUntil' in kai.attributes).toBe(false);
    await expect(lookup(source, person('ben'))).resolves.toMatchObject({ attributes: { onCall: false, oncalls: [] } });
  });

  it('follows a shift that ends early', async () => {
    const { sandbox, source } = await start();
    sandbox.admin.company.rota.end('ana@lumen.example', Date.now() - 2000);
    await expect(lookup(source, person('ana'))).resolves.toMatchObject({
      attributes: { onCall: false, primary: false, services: [] },
    });
  });

  it('takes nobody whose address only ends alike', async () => {
    const { source } = await start();
    const ids = await Promise.all(
      ['e.doe', 'jane.doe'].map(async (name) => {
        const result = await lookup(source, person(name));
        return result.status === 'FOUND' && result.attributes.userId;
      }),
    );
    expect(new Set(ids).size).toBe(2);
  });

  it('returns not found for a person without an account', async () => {
    const { source } = await start();
    await expect(lookup(source, person('xena'))).resolves.toMatchObject({ reason: 'subject_not_found' });
  });

  it('signs in as an app', async () => {
    const sandbox = await shared.fresh();
    const { urls, credentials } = sandbox;
    const source = createSource(definition, {
      IRIS_PAGERDUTY_URL: urls.pagerduty,
      IRIS_PAGERDUTY_AUTHORIZATION: 'oauth',
      IRIS_PAGERDUTY_TOKEN_URL: `${urls.pagerduty}/oauth/token`,
      IRIS_PAGERDUTY_CLIENT_ID: credentials.pagerduty.clientId,
      IRIS_PAGERDUTY_CLIENT_SECRET: credentials.pagerduty.clientSecret,
      IRIS_PAGERDUTY_SCOPE: 'as_account-us.lumen users.read oncalls.read incidents.read',
    });
    await expect(lookup(source, person('ana'))).resolves.toMatchObject({ status: 'FOUND' });
  });

  it('reads in bulk what lookups find, in a handful of requests', async () => {
    const { sandbox, source } = await start();
    const people = await bulkBesideLookups(source);
    expect(people.length).toBeGreaterThan(20);
    for (const { bulk, single } of people) expect(bulk).toEqual(single);
    sandbox.admin.clearCalls();
    for await (const _ of source.bulk?.({ signal: AbortSignal.timeout(10_000), now: Date.now() }) ?? []);
    expect(sandbox.admin.calls('pagerduty').total).toBe(3);
  });
});
