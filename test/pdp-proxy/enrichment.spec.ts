import { GRPC } from '@cerbos/grpc';
import { HTTP } from '@cerbos/http';
import type { JsonObject } from '@iris/contracts';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { post, RunningProxy } from './running-proxy.js';

let running: RunningProxy;
let grpc: GRPC;
let http: HTTP;

beforeAll(async () => {
  running = await RunningProxy.start({
    mapping: {
      principals: { people: ['*@acme.example'] },
      kinds: {
        report: { resource: { idAttribute: 'host', kind: 'database' } },
        plain_report: { enrich: false },
      },
    },
    sources: ['okta', 'servicenow', 'pagerduty'],
    environment: { IRIS_ROLES_FROM_GROUPS: '{"Platform":["platform_admin","user"]}' },
  });
  grpc = new GRPC(running.proxy.grpcTarget, { tls: false });
  http = new HTTP(running.proxy.httpUrl);
  await running.hold('ana@acme.example', 'okta', {
    department: 'Finance',
    groups: ['Platform'],
    login: 'ana@acme.example',
  });
  await running.hold('ana@acme.example', 'servicenow', undefined);
  await running.hold('ana@acme.example', 'pagerduty', { onCall: true });
  await running.hold('ben@acme.example', 'okta', { department: 'Legal', groups: [] });
  await running.hold('ben@acme.example', 'servicenow', { projects: ['PRJ1'] });
  await running.hold('new@acme.example', 'okta', undefined);
  await running.hold('new@acme.example', 'servicenow', undefined);
  await running.hold('new@acme.example', 'pagerduty', undefined);
  await running.holdResource({ kind: 'database', id: 'db-1' }, { environment: 'staging', owner: 'Team' });
});

afterAll(async () => {
  grpc.close();
  await running.stop();
});

interface Question {
  readonly who?: string;
  readonly stated?: JsonObject;
  readonly kind?: string;
  readonly attr?: JsonObject;
  readonly roles?: string[];
}

/** The effects of all actions, which must be the same over gRPC and HTTP. */
async function ask({
  who = 'ana@acme.example',
  stated = {},
  kind = 'report',
  attr = {},
  roles = ['employee'],
}: Question) {
  const question = {
    requestId: 'question',
    principal: { id: who, roles, attr: stated },
    resources: [{ resource: { kind, id: 'R1', attr }, actions: ['read', 'restart', 'administer', 'audit'] }],
  };
  const [first, second] = await Promise.all([grpc.checkResources(question), http.checkResources(question)]);
  expect(second.results[0]?.actions).toEqual(first.results[0]?.actions);
  const allowed = Object.entries(first.results[0]?.actions ?? {}).filter(([, effect]) => effect === 'EFFECT_ALLOW');
  return allowed.map(([action]) => action).sort();
}

describe('a question about a person', () => {
  it('is decided on the facts of the cache', async () => {
    expect(await ask({ attr: { department: 'Finance', host: 'db-1' } })).toEqual(['administer', 'read', 'restart']);
    expect(await ask({ attr: { department: 'Legal', host: 'db-2' } })).toEqual(['administer']);
  });

  it('is not decided on what the caller states against a fact', async () => {
    expect(
      await ask({ who: 'ben@acme.example', stated: { department: 'Finance' }, attr: { department: 'Finance' } }),
    ).toEqual([]);
    expect(
      await ask({
        who: 'ben@acme.example',
        stated: { okta: { status: 'x' }, context: { okta: { status: 'not_found' } } },
      }),
    ).toEqual([]);
  });

  it('is not decided on what the caller states while the source of the fact is unavailable', async () => {
    const attr = { host: 'db-1' };
    expect(await ask({ who: 'ben@acme.example', stated: { onCall: true }, attr })).toEqual([]);
  });

  it('is decided on what the caller states where no source has a record, and context states so', async () => {
    expect(
      await ask({ who: 'new@acme.example', stated: { department: 'Finance' }, attr: { department: 'Finance' } }),
    ).toEqual(['audit', 'read']);
  });

  it('has the facts of the resource, whatever the caller states of them', async () => {
    const cmdb = { environment: 'staging', status: 'fresh' };
    expect(await ask({ attr: { host: 'db-2', cmdb } })).toEqual(['administer']);
    expect(await ask({ attr: { cmdb } })).toEqual(['administer']);
  });

  it('gets only the roles that its groups map to, none that states its kind', async () => {
    expect(await ask({ roles: ['other'], attr: { department: 'Finance' } })).toEqual(['administer']);
  });
});

describe('a principal that is no person', () => {
  it('passes with its attributes, and context states so', async () => {
    expect(await ask({ who: 'service-7', stated: { department: 'Finance' }, attr: { department: 'Finance' } })).toEqual(
      ['audit', 'read'],
    );
  });
});

describe('a kind without facts', () => {
  it('is decided on what the caller states', async () => {
    const question = { kind: 'plain_report', stated: { department: 'Legal' }, attr: { department: 'Legal' } };
    expect(await ask(question)).toEqual(['read']);
  });

  it('is decided apart in a batch with another kind, and the batch keeps its order', async () => {
    const principal = { id: 'ana@acme.example', roles: ['employee'], attr: { department: 'Legal' } };
    const kinds = ['plain_report', 'report', 'plain_report', 'report', 'report'];
    const departments = ['Legal', 'Finance', 'Finance', 'Legal', 'Finance'];
    const resources = kinds.map((kind, index) => ({
      resource: { kind, id: `R${index}`, attr: { department: departments[index] ?? '' } },
      actions: ['read'],
    }));
    for (const client of [grpc, http]) {
      const { results } = await client.checkResources({ principal, resources });
      expect(results.map(({ resource, actions }) => [resource.id, resource.kind, actions.read])).toEqual([
        ['R0', 'plain_report', 'EFFECT_ALLOW'],
        ['R1', 'report', 'EFFECT_ALLOW'],
        ['R2', 'plain_report', 'EFFECT_DENY'],
        ['R3', 'report', 'EFFECT_DENY'],
        ['R4', 'report', 'EFFECT_ALLOW'],
      ]);
    }
  });
});

describe('other methods', () => {
  const principal = { id: 'ana@acme.example', roles: ['employee'], attr: { department: 'Legal' } };

  it('plan with the facts of the person, and leave those of an unknown resource open', async () => {
    const plan = await grpc.planResources({ principal, resource: { kind: 'report', attr: {} }, action: 'restart' });
    expect(JSON.stringify(plan)).toContain('request.resource.attr.cmdb.environment');
    const known = { kind: 'report', attr: { host: 'db-1' } };
    expect(await grpc.planResources({ principal, resource: known, action: 'restart' })).toMatchObject({
      kind: 'KIND_ALWAYS_ALLOWED',
    });
  });

  it('answer in the legacy forms', async () => {
    const resource = {
      kind: 'report',
      instances: { A: { attr: { department: 'Finance' } }, B: { attr: { department: 'Legal' } } },
    };
    const set = await post(`${running.proxy.httpUrl}/api/check`, { principal, actions: ['read'], resource });
    expect(set.body).toMatchObject({
      resourceInstances: { A: { actions: { read: 'EFFECT_ALLOW' } }, B: { actions: { read: 'EFFECT_DENY' } } },
    });
    const batch = await post(`${running.proxy.httpUrl}/api/check_resource_batch`, {
      principal,
      resources: ['plain_report', 'report'].map((kind) => ({
        actions: ['read'],
        resource: { kind, id: kind, attr: { department: 'Legal' } },
      })),
    });
    expect(batch.body).toMatchObject({
      results: [{ actions: { read: 'EFFECT_ALLOW' } }, { actions: { read: 'EFFECT_DENY' } }],
    });
  });

  it('keep fields that the published messages do not list', async () => {
    const { status, body } = await post(`${running.proxy.httpUrl}/api/check/resources`, {
      principal,
      resources: [{ resource: { kind: 'report', id: 'R', attr: {} }, actions: ['read'], later: { field: true } }],
    });
    // This PDP does not know it either, and refuses it by its name.
    expect({ status, body }).toMatchObject({ status: 400, body: { message: expect.stringContaining('later') } });
  });
});

describe('evidence', () => {
  beforeEach(async () => {
    await ask({ stated: { department: 'Legal', password: 'hunter22' }, attr: { department: 'Finance', host: 'db-1' } });
  });

  it('has one record for each action on each resource, with caller, facts and what was replaced', async () => {
    const records = await running.records();
    const last = records.slice(-4);
    expect(last.map(({ action }) => action).sort()).toEqual(['administer', 'audit', 'read', 'restart']);
    expect(last.find(({ action }) => action === 'read')).toMatchObject({
      event: 'pdp_check',
      caller: { name: 'neighbour', by: 'address', protocol: 'cerbos' },
      replaced: ['principal.department'],
      principal: { id: 'ana@acme.example', attr: { department: 'Finance', context: { okta: { status: 'fresh' } } } },
      resource: { kind: 'report', id: 'R1', attr: { department: 'Finance', cmdb: { environment: 'staging' } } },
      effect: 'ALLOW',
      reason: 'policy_allowed',
      sources: { okta: { status: 'fresh' }, servicenow: { status: 'not_found' } },
    });
    expect(JSON.stringify(last)).not.toContain('hunter22');
  });
});
