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
    IRIS_SERVICENOW_URL: urls.servicenow,
    IRIS_SERVICENOW_USER: credentials.servicenow.user,
    IRIS_SERVICENOW_PASSWORD: credentials.servicenow.password,
  };
}

runConformance('servicenow', {
  askedBy: 'login',
  ambiguous: person('oli'),
  start: async () => {
    const sandbox = await shared.fresh();
    return {
      ...simulatedVendor(sandbox, 'servicenow'),
      source: createSource(definition, environment(sandbox)),
      known: person('ana'),
      unknown: person('nobody.here'),
      secrets: [sandbox.credentials.servicenow.password],
    };
  },
});

describe('over the company', () => {
  const start = async () => {
    const sandbox = await shared.fresh();
    return { sandbox, source: createSource(definition, environment(sandbox)) };
  };

  it('reads active groups and running projects', async () => {
    const { source } = await start();
    const ana = await lookup(source, person('ana'));
    expect(ana).toMatchObject({
      attributes: {
        department: 'Engineering',
        groups: expect.arrayContaining(['Database Operations', 'Orders Support']),
        projects: ['PRJ0010001', 'PRJ0010002'],
        activeChanges: [],
      },
    });
    expect(ana.status === 'FOUND' && ana.attributes.groups).not.toContain('Legacy Ops');
    await expect(lookup(source, person('kai'))).resolves.toMatchObject({
      attributes: { projects: ['PRJ0010001', 'PRJ0010002'] },
    });
  });

  it('reads a change in its window, and none that waits for approval, is on hold or has no end', async () => {
    const { source } = await start();
    await expect(lookup(source, person('ben'))).resolves.toMatchObject({
      attributes: { activeChanges: [{ number: 'CHG0030001', type: 'normal', ci: 'orders-staging' }] },
      endsAt: expect.any(Number),
    });
    for (const name of ['gus', 'uma', 'wes']) {
      await expect(lookup(source, person(name))).resolves.toMatchObject({ attributes: { activeChanges: [] } });
    }
  });

  it('lets the active account win over an inactive one', async () => {
    const { source } = await start();
    await expect(lookup(source, person('pia'))).resolves.toMatchObject({
      attributes: { userName: 'pia@lumen.example', groups: expect.not.arrayContaining(['CAB Approval']) },
    });
  });

  it.each([
    ['orders-staging', { environment: 'staging', owner: 'Orders Support', openChange: 'CHG0030001' }],
    ['billing-prod', { environment: 'production', owner: 'Billing Support', criticality: '1 - most critical' }],
    ['analytics-prod', { environment: 'production' }],
  ])('reads the CMDB record of the database %s', async (id, attributes) => {
    const { source } = await start();
    const call = { signal: AbortSignal.timeout(10_000), now: Date.now() };
    await expect(source.lookupResource?.({ kind: 'database', id }, call)).resolves.toMatchObject({ attributes });
  });

  it('knows no database of the name of a server', async () => {
    const { source } = await start();
    const call = { signal: AbortSignal.timeout(10_000), now: Date.now() };
    const result = source.lookupResource?.({ kind: 'database', id: 'orders-app-1' }, call);
    await expect(result).resolves.toEqual({ status: 'NOT_FOUND', reason: 'subject_not_found' });
  });

  it.each(['oauth_password', 'oauth_client_credentials'])('signs in with %s', async (authorization) => {
    const sandbox = await shared.fresh();
    const source = createSource(definition, {
      ...environment(sandbox),
      IRIS_SERVICENOW_AUTHORIZATION: authorization,
      IRIS_SERVICENOW_CLIENT_ID: sandbox.credentials.servicenow.clientId,
      IRIS_SERVICENOW_CLIENT_SECRET: sandbox.credentials.servicenow.clientSecret,
    });
    await expect(lookup(source, person('ana'))).resolves.toMatchObject({ status: 'FOUND' });
  });

  it('reads in bulk what lookups find, in a handful of requests', async () => {
    const { sandbox, source } = await start();
    const people = await bulkBesideLookups(source);
    expect(people.length).toBeGreaterThan(30);
    for (const { bulk, single } of people) expect(bulk).toEqual(single);
    sandbox.admin.clearCalls();
    for await (const _ of source.bulk?.({ signal: AbortSignal.timeout(10_000), now: Date.now() }) ?? []);
    expect(sandbox.admin.calls('servicenow').total).toBe(5);
  });
});
