import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { principalKey } from '@iris/context-cache';
import { eventually } from '@iris/context-cache/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { HOOK_KEY, type Mesh, startMesh } from '../../apps/sandbox/src/mesh/mesh.js';
import { ask, evidenceOf, PRODUCTION, postHook, preRequest } from '../e2e/hook-client.js';

const SQL = 'mcp__postgres__execute_sql';
const PAGERDUTY_SECRET = 'sandbox-pagerduty-secret';
const OKTA_SECRET = 'sandbox-okta-hook-secret';
const TAILSCALE_SECRET = 'sandbox-tailscale-secret';
/** How long a connection is listened to for a second reply, in ms. */
const LISTEN_MS = 400;

let mesh: Mesh;
let redis: Redis;

beforeAll(async () => {
  mesh = await startMesh({
    root: process.cwd(),
    commonEnv: { IRIS_BULK_INTERVAL_SECONDS: '0' },
    gatewayEnv: { IRIS_HOOK_BUDGET_MS: '20000' },
    enricherEnv: {
      okta: { IRIS_OKTA_HOOK_AUTHORIZATION: OKTA_SECRET },
      pagerduty: { IRIS_PAGERDUTY_WEBHOOK_SECRETS: PAGERDUTY_SECRET },
      tailscale: { IRIS_TAILSCALE_WEBHOOK_SECRET: TAILSCALE_SECRET },
    },
  });
  redis = new Redis(mesh.redis?.url ?? '');
});

afterAll(async () => {
  redis?.disconnect();
  await mesh?.close();
});

/** Writes bytes and returns all replies: at least so many, and those that come until the connection ends or falls silent. */
async function exchange(text: string, replies = 1): Promise<string> {
  const socket = connect(Number(new URL(mesh.gateways[0]?.url ?? '').port), '127.0.0.1');
  let received = '';
  socket.on('data', (chunk) => {
    received += chunk.toString('latin1');
  });
  socket.on('error', () => {});
  await once(socket, 'connect');
  const closed = once(socket, 'close');
  socket.write(text, 'latin1');
  await Promise.race([
    closed,
    eventually(async () => expect(received.match(/HTTP\/1\.1/g)?.length).toBeGreaterThanOrEqual(replies)),
  ]);
  await Promise.race([closed, sleep(LISTEN_MS)]);
  socket.destroy();
  return received;
}

const lines = (...parts: readonly string[]) => parts.join('\r\n');

/** A request that somebody tries to hide in the body of another. */
function hidden(requestId: string): string {
  const body = JSON.stringify({ ...preRequest({ login: 'ana@lumen.example', tool: 'Read', input: {} }), requestId });
  const hook = body.replace(/"request_id":"[^"]*"/, `"request_id":"${requestId}"`);
  return lines(...head(), `content-length: ${hook.length}`, '', hook);
}

function head(): string[] {
  return ['POST /ext/aperture/pre_request HTTP/1.1', 'host: gateway', `authorization: Bearer ${HOOK_KEY}`];
}

describe('a connection', () => {
  const attacks: readonly (readonly [string, (smuggled: string) => string])[] = [
    [
      'content-length and transfer-encoding together',
      (smuggled) => lines(...head(), 'content-length: 4', 'transfer-encoding: chunked', '', '0', '', smuggled),
    ],
    [
      'two content-lengths',
      (smuggled) =>
        lines(...head(), 'content-length: 2', `content-length: ${smuggled.length + 2}`, '', `{}${smuggled}`),
    ],
    [
      'a transfer-encoding that is spelled in an odd way',
      (smuggled) => lines(...head(), 'transfer-encoding: xchunked', '', '0', '', smuggled),
    ],
    [
      'a transfer-encoding with a space before the colon',
      (smuggled) => lines(...head(), 'transfer-encoding : chunked', 'content-length: 2', '', `{}${smuggled}`),
    ],
    ['a folded header', (smuggled) => lines(...head(), 'x-a: b', ' c: d', 'content-length: 2', '', `{}${smuggled}`)],
    [
      'a chunk whose size is no number',
      (smuggled) => lines(...head(), 'transfer-encoding: chunked', '', 'zz', smuggled),
    ],
    [
      'a chunk with the wrong size',
      (smuggled) => lines(...head(), 'transfer-encoding: chunked', '', '1', `{}`, '0', '', smuggled),
    ],
    ['a negative content-length', (smuggled) => lines(...head(), 'content-length: -1', '', smuggled)],
  ];

  it.each(attacks)('with %s is refused, and nothing behind it is read as a hook', async (title, attack) => {
    const id = `smuggled_${title.replaceAll(/\W/g, '_')}`;
    const received = await exchange(attack(hidden(id)));
    expect(received).toMatch(/^HTTP\/1\.1 400 /);
    expect(received.match(/HTTP\/1\.1/g)).toHaveLength(1);
    const records = await evidenceOf(mesh.gateways[0]);
    expect(records.filter(({ requestId }) => requestId === id)).toEqual([]);
  });

  it('would have been answered twice for two honest requests', async () => {
    const received = await exchange(hidden('honest_1') + hidden('honest_2'), 2);
    expect(received.match(/HTTP\/1\.1 200/g)).toHaveLength(2);
  });

  it('with headers beyond the limit is refused', async () => {
    // Node's limit is 16 KB. With more than the server reads at once, its close would reset the reply away.
    const received = await exchange(lines(...head(), `x-big: ${'a'.repeat(20_000)}`, 'content-length: 2', '', '{}'));
    expect(received).toMatch(/^HTTP\/1\.1 431 /);
  });
});

/** Keys that would reach the prototype of every object if somebody merged them. */
const POLLUTION =
  '{"__proto__":{"polluted":true,"action":"allow","onCall":true},"constructor":{"prototype":{"polluted":true}}}';

describe('a prototype key', () => {
  it('in any place of a hook changes no verdict, on that hook or a later one', async () => {
    const hook = JSON.stringify(preRequest({ login: 'ben@lumen.example', tool: SQL, input: PRODUCTION }));
    for (const place of ['{"metadata":{', '"request_body":{', '"input":{']) {
      const at = hook.indexOf(place) + place.length;
      const polluted = `${hook.slice(0, at)}${POLLUTION.slice(1, -1)},${hook.slice(at)}`;
      const { status, body } = await postHook(mesh.gateways[0], polluted);
      expect(status).toBe(200);
      expect(body.action).not.toBe('allow');
    }
    expect(await ask(mesh, { login: 'ben@lumen.example', tool: SQL, input: PRODUCTION })).toBe('withheld');
    expect(await ask(mesh, { login: 'ana@lumen.example', tool: SQL, input: PRODUCTION })).toBe('passed');
  });

  it("in a vendor's answer gives nobody a fact", async () => {
    const login = 'uma@lumen.example';
    await mesh.sandbox.admin.setFaults('pagerduty', { mode: 'answer', body: POLLUTION });
    expect(await ask(mesh, { login: 'gus@lumen.example', tool: SQL, input: PRODUCTION })).not.toBe('passed');
    await mesh.sandbox.admin.setFaults('pagerduty');
    expect(await ask(mesh, { login, tool: 'Read', input: { file_path: '/x' } })).toBe('passed');
  });
});

describe('an entry in Redis', () => {
  const stamp = () => ({ observedAt: Date.now(), freshUntil: Date.now() + 60_000, staleUntil: Date.now() + 60_000 });
  const onCall = { onCall: [{ until: '2100-01-01T00:00:00Z' }] };
  const entries: readonly (readonly [string, () => string])[] = [
    ['no JSON', () => '{'],
    ['a list', () => '[]'],
    ['a prototype key', () => POLLUTION],
    ['no times', () => JSON.stringify({ status: 'FOUND', attributes: onCall })],
    [
      'times that are texts',
      () => JSON.stringify({ status: 'FOUND', attributes: onCall, ...stamp(), freshUntil: '9' }),
    ],
    ['another status', () => JSON.stringify({ status: 'TRUSTED', attributes: onCall, ...stamp() })],
    [
      'an end before its begin',
      () => JSON.stringify({ status: 'FOUND', attributes: onCall, ...stamp(), staleUntil: 0 }),
    ],
    ['attributes that are no object', () => JSON.stringify({ status: 'FOUND', attributes: [1], ...stamp() })],
  ];

  it.each(entries)('of a wrong shape (%s) is not trusted: the vendor is asked', async (_title, text) => {
    const login = `person.${_title.replaceAll(/\W/g, '')}@lumen.example`;
    await redis.hset(principalKey(login), 'pagerduty', text());
    mesh.sandbox.admin.clearCalls();
    expect(await ask(mesh, { login, tool: SQL, input: PRODUCTION })).toBe('withheld');
    expect(mesh.sandbox.admin.calls('pagerduty').total).toBeGreaterThan(0);
  });

  it('of another version is not looked at', async () => {
    const login = 'ben@lumen.example';
    const text = JSON.stringify({ status: 'FOUND', attributes: onCall, ...stamp() });
    await redis.hset(`iris:ctx:v0:{${login}}`, 'pagerduty', text);
    await redis.hset(`iris:ctx:v2:{${login}}`, 'pagerduty', text);
    expect(await ask(mesh, { login, tool: SQL, input: PRODUCTION })).toBe('withheld');
  });
});

describe('the hook key', () => {
  it('is compared as digests of one length, each with every key that is known', () => {
    const source = readFileSync('apps/gateway/src/http/hook-keys.ts', 'utf8');
    const compare = source.slice(source.indexOf('authenticate('), source.indexOf('function digestOf'));
    expect(compare).toMatch(
      /for \(const known of this\.digests\) \{\s*if \(timingSafeEqual\(digest, known\.digest\)\)/,
    );
    expect(compare).not.toMatch(/\bbreak\b|===/);
    expect(compare.match(/\breturn\b/g)).toHaveLength(1);
    expect(source).toMatch(/\bhash\('sha256', key/);
  });
});

describe('a webhook', () => {
  const url = (vendor: string) => `${mesh.enrichers.find((one) => one.vendor === vendor)?.httpUrl}/webhook`;

  it.each(['okta', 'pagerduty', 'tailscale'])('of %s that is not signed is refused', async (vendor) => {
    for (const headers of [
      {},
      { authorization: 'x', 'x-pagerduty-signature': 'v1=00', 'tailscale-webhook-signature': 't=1,v1=00' },
    ]) {
      const response = await fetch(url(vendor), {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...(headers as Record<string, string>) },
        body: '{"event":{"id":"e","event_type":"incident.triggered","data":{}}}',
      });
      expect({ vendor, refused: response.status >= 400 && response.status < 500 }).toEqual({ vendor, refused: true });
    }
  });

  it.each(['servicenow', 'workday'])('of %s, which sends none, is not offered', async (vendor) => {
    expect((await fetch(url(vendor), { method: 'POST', body: '{}' })).status).toBe(404);
  });
});
