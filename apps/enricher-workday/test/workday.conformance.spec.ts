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
    IRIS_WORKDAY_URL: urls.workday,
    IRIS_WORKDAY_TENANT: credentials.workday.tenant,
    IRIS_WORKDAY_USER: credentials.workday.user,
    IRIS_WORKDAY_PASSWORD: credentials.workday.password,
    IRIS_WORKDAY_REPORT_OWNER: credentials.workday.user,
    IRIS_WORKDAY_REPORT: 'Iris_Worker_By_Email',
    IRIS_WORKDAY_SNAPSHOT_REPORT: 'Iris_Workers',
  };
}

function withOAuth(sandbox: Sandbox): Record<string, string> {
  return {
    ...environment(sandbox),
    IRIS_WORKDAY_AUTHORIZATION: 'oauth',
    IRIS_WORKDAY_CLIENT_ID: sandbox.credentials.workday.clientId,
    IRIS_WORKDAY_CLIENT_SECRET: sandbox.credentials.workday.clientSecret,
    IRIS_WORKDAY_REFRESH_TOKEN: sandbox.credentials.workday.refreshToken,
  };
}

for (const mode of ['raas', 'rest'] as const) {
  runConformance('workday', {
    askedBy: 'login',
    start: async () => {
      const sandbox = await shared.fresh();
      const settings = mode === 'raas' ? environment(sandbox) : withOAuth(sandbox);
      return {
        ...simulatedVendor(sandbox, 'workday'),
        source: createSource(definition, { ...settings, IRIS_WORKDAY_MODE: mode }),
        known: person('ana'),
        unknown: person('nobody.here'),
        secrets: [sandbox.credentials.workday.password, sandbox.credentials.workday.refreshToken],
      };
    },
  });
}

describe('over the company, by reports', () => {
  const start = async () => {
    const sandbox = await shared.fresh();
    return { sandbox, source: createSource(definition, environment(sandbox)) };
  };

  it('reads the employment', async () => {
    const { source } = await start();
    await expect(lookup(source, person('ana'))).resolves.toMatchObject({
      attributes: {
        workerId: '10001',
        employmentStatus: 'active',
        employeeType: 'employee',
        department: 'Engineering',
        costCenter: 'CC-100 Engineering',
        manager: 'kai@lumen.example',
        hireDate: '2021-03-01',
      },
    });
  });

  it.each([
    ['hana', 'on_leave', 'employee'],
    ['ivo', 'terminated', 'employee'],
    ['gus', 'active', 'contingent'],
    ['rhea', 'active', 'employee'],
  ])('returns for %s: %s, %s', async (name, employmentStatus, employeeType) => {
    const { source } = await start();
    await expect(lookup(source, person(name))).resolves.toMatchObject({
      attributes: { employmentStatus, employeeType },
    });
  });

  it('ends the answer of somebody who leaves after their last day', async () => {
    const { source } = await start();
    await expect(lookup(source, person('sam'))).resolves.toMatchObject({
      attributes: { employmentStatus: 'active', terminationDate: expect.any(String) },
      endsAt: expect.any(Number),
    });
  });

  it('returns not found for an address that the record does not have', async () => {
    const { source } = await start();
    await expect(lookup(source, person('vik'))).resolves.toMatchObject({ reason: 'subject_not_found' });
  });

  it('signs in with OAuth', async () => {
    const sandbox = await shared.fresh();
    const source = createSource(definition, withOAuth(sandbox));
    await expect(lookup(source, person('ana'))).resolves.toMatchObject({ status: 'FOUND' });
  });

  it('finds the person in a report that ignores the prompt', async () => {
    const sandbox = await shared.fresh();
    const source = createSource(definition, { ...environment(sandbox), IRIS_WORKDAY_REPORT: 'Iris_Workers' });
    await expect(lookup(source, person('ana'))).resolves.toMatchObject({ attributes: { workerId: '10001' } });
  });

  it('reads in bulk what lookups find, in one request', async () => {
    const { sandbox, source } = await start();
    const people = await bulkBesideLookups(source);
    expect(people.length).toBeGreaterThan(30);
    for (const { bulk, single } of people) expect(bulk).toEqual(single);
    sandbox.admin.clearCalls();
    for await (const _ of source.bulk?.({ signal: AbortSignal.timeout(10_000), now: Date.now() }) ?? []);
    expect(sandbox.admin.calls('workday').total).toBe(1);
  });
});

describe('over the company, by the staffing API', () => {
  it('reads title, department and location, and nobody who has left', async () => {
    const sandbox = await shared.fresh();
    const source = createSource(definition, { ...withOAuth(sandbox), IRIS_WORKDAY_MODE: 'rest' });
    await expect(lookup(source, person('ana'))).resolves.toMatchObject({
      attributes: { title: 'Senior Software Engineer', department: 'Engineering', location: expect.any(String) },
    });
    await expect(lookup(source, person('ivo'))).resolves.toMatchObject({ reason: 'subject_not_found' });
    expect(source.bulk).toBeUndefined();
  });
});
