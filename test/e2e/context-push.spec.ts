import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '@iris/context-cache/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { sendOktaHook, verifyOktaHook } from '../../apps/enricher-okta/simulated-api/okta-event-hook.js';
import { sendPagerDutyWebhook } from '../../apps/enricher-pagerduty/simulated-api/pagerduty-webhook.js';
import { sendTailscaleWebhook } from '../../apps/enricher-tailscale/simulated-api/tailscale-webhook.js';
import { type Mesh, startMesh } from '../../apps/sandbox/src/mesh/mesh.js';
import { VENDOR_NAMES, type VendorName } from '../../apps/sandbox/src/vendor-name.js';
import { ask, deviceOf, evidenceOf, fateOf, PRODUCTION, postHook, preRequest, STAGING } from './hook-client.js';

const SQL = 'mcp__postgres__execute_sql';
const READ = { tool: 'Read', input: { file_path: '/x' } };
const OKTA_SECRET = 'sandbox-okta-hook-secret';
const PAGERDUTY_SECRET = 'sandbox-pagerduty-secret';
const TAILSCALE_SECRET = 'sandbox-tailscale-secret';
/** Nothing happens to this person but changes that end a wait. */
const BYSTANDER = 'wes';
const COLD_HOOKS = 1000;

/** What is looked at of a principal in the evidence. */
interface Attributes {
  readonly pagerduty?: { readonly incidents?: readonly { readonly number: number }[] };
  readonly tailscale?: { readonly device?: { readonly tags?: readonly string[]; readonly managed?: boolean } };
}

let mesh: Mesh;

beforeAll(async () => {
  mesh = await startMesh({
    root: process.cwd(),
    gateways: 2,
    enricherReplicas: 2,
    sandbox: { latencyMs: { okta: 100, workday: 100, servicenow: 100, pagerduty: 100, tailscale: 100 } },
    commonEnv: { IRIS_BULK_INTERVAL_SECONDS: '0' },
    gatewayEnv: { IRIS_HOOK_BUDGET_MS: '20000' },
    enricherEnv: {
      okta: {
        IRIS_OKTA_HOOK_AUTHORIZATION: OKTA_SECRET,
        IRIS_IDENTITY_RULES: JSON.stringify([
          { table: { 'ben@github': 'ben@lumen.example' } },
          { from: 'lumen.dev', to: 'lumen.example' },
        ]),
      },
      pagerduty: { IRIS_PAGERDUTY_WEBHOOK_SECRETS: `retired-secret,${PAGERDUTY_SECRET}` },
      tailscale: { IRIS_TAILSCALE_WEBHOOK_SECRET: TAILSCALE_SECRET },
    },
  });
});
afterAll(() => mesh?.close());

function webhook(vendor: VendorName, replica = 0): string {
  return `${mesh.enrichers.filter((enricher) => enricher.vendor === vendor)[replica]?.httpUrl}/webhook`;
}

async function lastRecord(login: string, gateway = 0) {
  return (await evidenceOf(mesh.gateways[gateway])).filter(({ principal }) => principal.id === login).at(-1);
}

async function fates(login: string): Promise<string[]> {
  const nodeId = deviceOf(mesh, login);
  return Promise.all([0, 1].map((gateway) => ask(mesh, { login, nodeId, ...READ }, gateway)));
}

function contextOf(attr: unknown): Record<string, { status: string; reason?: string }> {
  return (attr as { context: Record<string, { status: string; reason?: string }> }).context;
}

/** The addresses that a vendor was asked, and how often each. */
function requests(vendor: VendorName): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { method, url } of mesh.sandbox.admin.calls(vendor).calls) {
    // The times of a query differ by who asks when; they are no other question.
    const key = `${method} ${url.replace(/\d{4}-\d{2}-\d{2}T[^&]*/g, '*')}`;
    counts[key] = (counts[key] ?? 0) + 1;
  }
  return counts;
}

/** Everything that Okta was asked about a person, by a part of the address. */
function requestsAbout(name: string): string[] {
  return mesh.sandbox.admin
    .calls('okta')
    .calls.map(({ method, url }) => `${method} ${url}`)
    .filter((request) => request.includes(name));
}

/** Pushes a change of somebody else and waits until it is read: what was pushed before has been taken up by then. */
async function untilPushesAreRead(): Promise<void> {
  const before = requestsAbout(BYSTANDER).length;
  const events = [{ eventType: 'group.user_membership.add', login: `${BYSTANDER}@lumen.example` }];
  for (const replica of [0, 1]) {
    await sendOktaHook(mesh.sandbox.admin.company, {
      url: webhook('okta', replica),
      authorization: OKTA_SECRET,
      events,
    });
  }
  await eventually(async () => expect(requestsAbout(BYSTANDER).length).toBeGreaterThan(before));
}

describe('a person whom nobody has seen', () => {
  it(`costs one lookup at each vendor for ${COLD_HOOKS} hooks over two gateways and two replicas`, async () => {
    const login = 'gus@lumen.example';
    const nodeId = deviceOf(mesh, login);
    const spellings = [login, 'Gus@Lumen.Example'];
    const startedAt = performance.now();
    const replies = await Promise.all(
      Array.from({ length: COLD_HOOKS }, (_, index) =>
        postHook(
          mesh.gateways[index % 2],
          preRequest({ login: spellings[Math.floor(index / 2) % 2] ?? login, nodeId, ...READ }),
        ),
      ),
    );
    const ms = Math.round(performance.now() - startedAt);
    const gaps: Record<string, number> = {};
    for (const gateway of mesh.gateways) {
      for (const { principal } of await evidenceOf(gateway)) {
        for (const [source, { status, reason }] of Object.entries(contextOf(principal.attr))) {
          if (status !== 'fresh') gaps[`${source} ${reason}`] = (gaps[`${source} ${reason}`] ?? 0) + 1;
        }
      }
    }
    expect(gaps).toEqual({});
    expect(replies.filter((reply) => fateOf(reply) !== 'passed')).toEqual([]);
    for (const vendor of VENDOR_NAMES) {
      const asked = requests(vendor);
      expect(Object.keys(asked)).not.toEqual([]);
      // One lookup may be several requests, of other pages, tables or a token for each replica.
      const repeated = Object.entries(asked).filter(([key, times]) => times > 1 && !key.includes('/oauth'));
      expect({ vendor, repeated }).toEqual({ vendor, repeated: [] });
    }
    const totals = VENDOR_NAMES.map((vendor) => `${vendor} ${mesh.sandbox.admin.calls(vendor).total}`).join(', ');
    process.stdout.write(`${COLD_HOOKS} cold hooks in ${ms} ms; requests: ${totals}\n`);
  });
});

describe('a login name', () => {
  beforeEach(() => mesh.sandbox.admin.clearCalls());

  it('is one person in any case: the second spelling finds the entry of the first', async () => {
    await ask(mesh, { login: 'uma@lumen.example', ...READ });
    mesh.sandbox.admin.clearCalls();
    expect(await ask(mesh, { login: 'UMA@lumen.EXAMPLE', ...READ }, 1)).toBe('passed');
    for (const vendor of VENDOR_NAMES) expect(requests(vendor)).toEqual({});
    // What the policy sees is the name as Aperture gives it.
    expect(await lastRecord('UMA@lumen.EXAMPLE', 1)).toBeDefined();
  });

  it.each([
    ['of the table', 'ben@github'],
    ['of an alias of the domain', 'ben@lumen.dev'],
  ])('%s is led to the vendor’s key', async (_title, login) => {
    await ask(mesh, { login, ...READ });
    const record = await lastRecord(login);
    expect(record?.principal.attr).toHaveProperty('okta.login', 'ben@lumen.example');
    expect(record?.principal.attr).toHaveProperty('context.okta.status', 'fresh');
  });

  it('without a rule is nobody, and the vendor is not asked', async () => {
    await ask(mesh, { login: 'kim@github', ...READ });
    const record = await lastRecord('kim@github');
    expect(record?.principal.attr).toHaveProperty('context.okta.reason', 'subject_not_mapped');
    expect(requests('okta')).toEqual({});
  });
});

describe('an event hook of Okta', () => {
  beforeAll(() => ask(mesh, { login: `${BYSTANDER}@lumen.example`, ...READ }));
  const target = () => ({ url: webhook('okta'), authorization: OKTA_SECRET });

  it('is set up by the challenge', async () => {
    expect(await verifyOktaHook(target())).toEqual({ status: 200, verified: true });
    const foreign = { ...target(), authorization: 'guessed' };
    expect(await verifyOktaHook(foreign)).toEqual({ status: 401, verified: false });
  });

  it('changes the verdict in two gateways when a person is suspended', async () => {
    const login = 'ben@lumen.example';
    expect(await fates(login)).toEqual(['passed', 'passed']);
    mesh.sandbox.admin.company.setOktaStatus(login, 'SUSPENDED');
    expect(await fates(login)).toEqual(['passed', 'passed']);

    const startedAt = performance.now();
    const [attempt] = await sendOktaHook(mesh.sandbox.admin.company, {
      ...target(),
      events: [{ eventType: 'user.lifecycle.suspend', login }],
    });
    expect(attempt?.status).toBe(200);
    for (const gateway of [0, 1]) {
      await eventually(async () =>
        expect(await ask(mesh, { login, nodeId: deviceOf(mesh, login), ...READ }, gateway)).toBe('withheld'),
      );
      const ms = Math.round(performance.now() - startedAt);
      process.stdout.write(`suspended at Okta: decided again after ${ms} ms in gateway ${gateway}\n`);
    }
  });

  it('finds a person whose login is not the address that is known, and reads once for one event', async () => {
    // Okta is asked by the e-mail address; the hook names the login and the id.
    const login = 'quinn.reyes@lumen.example';
    await ask(mesh, { login, ...READ });
    mesh.sandbox.admin.clearCalls();
    const delivery = {
      ...target(),
      events: [{ eventType: 'group.user_membership.add', login: 'quinn@lumen.example', uuid: 'event-of-quinn' }],
    };
    await sendOktaHook(mesh.sandbox.admin.company, delivery);
    await eventually(async () => expect(mesh.sandbox.admin.calls('okta').total).toBeGreaterThan(0));
    await untilPushesAreRead();
    const once = requestsAbout('quinn');
    expect(once.length).toBeGreaterThan(0);
    // The same event at the other replica, as Okta delivers it again.
    const attempts = await sendOktaHook(mesh.sandbox.admin.company, {
      ...delivery,
      url: webhook('okta', 1),
      repeat: 3,
    });
    expect(attempts.map(({ status }) => status)).toEqual([200, 200, 200]);
    await untilPushesAreRead();
    expect(requestsAbout('quinn')).toEqual(once);
  });

  it('does not count when the event did not take place, or is of no use', async () => {
    mesh.sandbox.admin.clearCalls();
    const events = [
      { eventType: 'user.lifecycle.suspend', login: 'uma@lumen.example', result: 'FAILURE' as const },
      { eventType: 'user.session.start', login: 'uma@lumen.example' },
    ];
    await sendOktaHook(mesh.sandbox.admin.company, { ...target(), events });
    await untilPushesAreRead();
    expect(requestsAbout('uma')).toEqual([]);
  });
});

describe('a webhook of PagerDuty', () => {
  it('reports an incident that a person got, and one that another took over', async () => {
    const { company, clock } = mesh.sandbox.admin;
    const logins = ['ana@lumen.example', 'uma@lumen.example'] as const;
    const incident = {
      number: 4711,
      title: 'Orders are slow',
      service: 'orders-db',
      status: 'triggered' as const,
      urgency: 'high' as const,
      assignedTo: logins[0],
      createdAt: clock.now(),
    };
    const numbers = async (login: string) => {
      await ask(mesh, { login, tool: SQL, input: PRODUCTION });
      const attr = (await lastRecord(login))?.principal.attr as Attributes | undefined;
      return attr?.pagerduty?.incidents?.map(({ number }) => number) ?? [];
    };
    for (const login of logins) expect(await numbers(login)).not.toContain(incident.number);
    const push = (eventType: string) =>
      sendPagerDutyWebhook(mesh.sandbox.admin.company, {
        url: webhook('pagerduty'),
        secrets: ['not-ours', PAGERDUTY_SECRET],
        eventType,
        incident: incident.number,
      });

    company.putIncident(incident);
    expect((await push('incident.triggered')).at(-1)?.status).toBe(200);
    await eventually(async () => expect(await numbers(logins[0])).toContain(incident.number));
    company.putIncident({ ...incident, assignedTo: logins[1] });
    await push('incident.reassigned');
    await eventually(async () => expect(await numbers(logins[0])).not.toContain(incident.number));
    expect(await numbers(logins[1])).toContain(incident.number);
  });
});

describe('a webhook of Tailscale', () => {
  it('has a device read again: one that became tagged is no longer the person’s', async () => {
    const login = 'cara@lumen.example';
    const nodeId = deviceOf(mesh, login);
    const tags = async () => {
      await ask(mesh, { login, nodeId, ...READ });
      return ((await lastRecord(login))?.principal.attr as Attributes | undefined)?.tailscale?.device?.tags;
    };
    expect(await tags()).toEqual([]);
    mesh.sandbox.admin.company.updateDevice(nodeId, { tags: ['tag:kiosk'] });
    const [attempt] = await sendTailscaleWebhook(mesh.sandbox.admin.company, {
      url: webhook('tailscale'),
      secret: TAILSCALE_SECRET,
      events: [{ type: 'nodeApproved', nodeId }],
    });
    expect(attempt?.status).toBe(200);
    await eventually(async () => expect(await tags()).toEqual(['tag:kiosk']));
  });
});

describe('a webhook that is not the vendor’s', () => {
  const events = [{ eventType: 'user.lifecycle.suspend', login: 'uma@lumen.example' }];

  beforeEach(async () => {
    await ask(mesh, { login: 'uma@lumen.example', nodeId: deviceOf(mesh, 'uma@lumen.example'), ...READ });
    mesh.sandbox.admin.clearCalls();
  });

  const post = (vendor: VendorName, body: string, headers: Record<string, string> = {}) =>
    fetch(webhook(vendor), { method: 'POST', body, headers });

  it.each<[string, () => Promise<number | undefined>, number]>([
    [
      'from Okta with another secret',
      async () =>
        (await sendOktaHook(mesh.sandbox.admin.company, { url: webhook('okta'), authorization: 'guessed', events }))[0]
          ?.status,
      401,
    ],
    ['from PagerDuty without a signature', async () => (await post('pagerduty', '{}')).status, 401],
    [
      'from Tailscale, recorded ten minutes ago',
      async () =>
        (
          await sendTailscaleWebhook(mesh.sandbox.admin.company, {
            url: webhook('tailscale'),
            secret: TAILSCALE_SECRET,
            signedAt: Date.now() - 600_000,
            events: [{ type: 'userSuspended', login: 'uma@lumen.example' }],
          })
        )[0]?.status,
      401,
    ],
    ['larger than any push', async () => (await post('okta', 'x'.repeat(1024 * 1024 + 1))).status, 413],
    ['at a source that takes none', async () => (await post('workday', '{}')).status, 404],
  ])('is refused: %s', async (_title, push, status) => {
    expect(await push()).toBe(status);
    await untilPushesAreRead();
    expect(requestsAbout('uma')).toEqual([]);
    for (const vendor of VENDOR_NAMES.filter((one) => one !== 'okta')) expect(requests(vendor)).toEqual({});
  });
});

describe('a posture attribute', () => {
  it('is forgotten when it expires, with no word from Tailscale', async () => {
    const login = 'eve@lumen.example';
    const nodeId = deviceOf(mesh, login);
    const { company, clock } = mesh.sandbox.admin;
    const managed = async () => {
      await ask(mesh, { login, nodeId, tool: SQL, input: STAGING });
      return ((await lastRecord(login))?.principal.attr as Attributes | undefined)?.tailscale?.device?.managed;
    };
    const expiry = clock.now() + 6000;
    const { posture } = company.device(nodeId);
    const expiries = Object.fromEntries(Object.keys(posture).map((key) => [key, expiry]));
    company.updateDevice(nodeId, { expiries });
    expect(await managed()).toBe(true);
    await sleep(expiry - clock.now() + 50);
    expect(await managed()).toBe(false);
  });
});
