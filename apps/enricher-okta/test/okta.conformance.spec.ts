import type { LookupResult } from '@iris/enricher-kit';
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
  return { IRIS_OKTA_URL: urls.okta, IRIS_OKTA_TOKEN: credentials.okta.token };
}

function withPrivateKey({ urls, credentials }: Sandbox): Record<string, string> {
  return {
    IRIS_OKTA_URL: urls.okta,
    IRIS_OKTA_AUTHORIZATION: 'private_key',
    IRIS_OKTA_CLIENT_ID: credentials.okta.clientId,
    IRIS_OKTA_PRIVATE_KEY: credentials.okta.privateKey,
    IRIS_OKTA_KEY_ID: credentials.okta.keyId,
  };
}

runConformance('okta', {
  askedBy: 'login',
  start: async () => {
    const sandbox = await shared.fresh();
    return {
      ...simulatedVendor(sandbox, 'okta'),
      source: createSource(definition, environment(sandbox)),
      known: person('ana'),
      unknown: person('nobody.here'),
      secrets: [sandbox.credentials.okta.token],
    };
  },
});

describe('over the company', () => {
  const start = async () => {
    const sandbox = await shared.fresh();
    return { sandbox, source: createSource(definition, environment(sandbox)) };
  };

  it('reads identity and groups', async () => {
    const { source } = await start();
    await expect(lookup(source, person('dev'))).resolves.toMatchObject({
      status: 'FOUND',
      attributes: {
        status: 'ACTIVE',
        live: true,
        email: 'dev@lumen.example',
        department: 'Sales',
        title: 'Sales Manager',
        groups: expect.arrayContaining(['CRM Editors', 'Managers', 'Sales Managers']),
      },
    });
  });

  it('reads more groups than a page holds', async () => {
    const { source } = await start();
    const result = await lookup(source, person('lee'));
    const groups = result.status === 'FOUND' ? result.attributes.groups : [];
    expect(groups).toEqual(expect.arrayContaining(['Project Room 001', 'Project Room 230']));
  });

  it('gives a suspended person no groups, at once', async () => {
    const { sandbox, source } = await start();
    await expect(lookup(source, person('ana'))).resolves.toMatchObject({ attributes: { live: true } });
    sandbox.admin.company.setOktaStatus('ana@lumen.example', 'SUSPENDED');
    await expect(lookup(source, person('ana'))).resolves.toMatchObject({
      attributes: { status: 'SUSPENDED', live: false, groups: [] },
    });
  });

  it('finds a person by an e-mail address that is not the login', async () => {
    const { source } = await start();
    await expect(lookup(source, person('quinn.reyes'))).resolves.toMatchObject({
      attributes: { login: 'quinn@lumen.example', email: 'quinn.reyes@lumen.example' },
    });
  });

  it('finds a login with characters that mean something in a URL', async () => {
    const { source } = await start();
    await expect(lookup(source, person("nora.o'brien+ops"))).resolves.toMatchObject({ status: 'FOUND' });
  });

  it('signs in with a private key', async () => {
    const sandbox = await shared.fresh();
    const source = createSource(definition, withPrivateKey(sandbox));
    await expect(lookup(source, person('ana'))).resolves.toMatchObject({ status: 'FOUND' });
    expect(sandbox.admin.calls('okta').byRoute['POST /oauth2/v1/token']).toBe(1);
  });

  it('returns unauthorized for an unknown key', async () => {
    const sandbox = await shared.fresh();
    const source = createSource(definition, { ...withPrivateKey(sandbox), IRIS_OKTA_CLIENT_ID: '0oaSomebodyElse' });
    await expect(lookup(source, person('ana'))).rejects.toMatchObject({ kind: 'unauthorized' });
  });

  it('reads in bulk what lookups find', async () => {
    const { source } = await start();
    const people = await bulkBesideLookups(source);
    expect(people.length).toBeGreaterThan(30);
    for (const { bulk, single } of people) expect(bulk).toEqual(single);
  });
});

describe('the read of what has changed', () => {
  it('reports status and profile, also of deactivated users, and of no other user', async () => {
    const sandbox = await shared.fresh();
    const source = createSource(definition, environment(sandbox));
    const { company, clock } = sandbox.admin;
    const since = clock.now();
    clock.setOffset(60_000);
    company.setOktaStatus('ben@lumen.example', 'SUSPENDED');
    company.setOktaStatus('cara@lumen.example', 'DEPROVISIONED');
    company.updatePerson('ana@lumen.example', { oktaProfile: { title: 'Director' } });
    const found = new Map<string, LookupResult>();
    const call = { signal: AbortSignal.timeout(20_000), now: Date.now() };
    for await (const item of source.bulkSince?.(since, call) ?? []) found.set(item.subject.principal, item.result);
    expect([...found.keys()].sort()).toEqual(['ana@lumen.example', 'ben@lumen.example', 'cara@lumen.example']);
    for (const [login, result] of found) {
      expect(await lookup(source, { principal: login, loginName: login })).toEqual(result);
    }
    expect(found.get('ben@lumen.example')).toMatchObject({ attributes: { status: 'SUSPENDED', live: false } });
    expect(found.get('ana@lumen.example')).toMatchObject({ attributes: { title: 'Director' } });
  });
});
