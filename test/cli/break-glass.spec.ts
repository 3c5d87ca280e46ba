import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connectRedis } from '@iris/context-cache';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Mesh, startMesh } from '../../apps/sandbox/src/mesh/mesh.js';
import { evidenceOf, fateOf, PRODUCTION, postHook, preRequest } from '../e2e/hook-client.js';
import { runIris } from './run-iris.js';

const ENFORCING = 0;
const OPEN = 1;
const DENIED = { login: 'ben@lumen.example', tool: 'mcp__postgres__execute_sql', input: PRODUCTION };
const DENIED_ELSEWHERE = { login: 'cara@lumen.example', tool: 'mcp__salesforce__update_record', input: { id: '006' } };
const REDIS_KEY = 'iris:break-glass:v1';

let folder: string;
let adminKey: string;
let evidenceKey: string;
let mesh: Mesh;

/** @returns the public key as base64 */
function writeKeyPair(file: string): string {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  writeFileSync(file, privateKey.export({ type: 'pkcs8', format: 'pem' }));
  writeFileSync(`${file}.pub`, publicKey.export({ type: 'spki', format: 'pem' }));
  return publicKey.export({ type: 'spki', format: 'der' }).toString('base64');
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'iris-break-glass-'));
  adminKey = join(folder, 'admin.pem');
  evidenceKey = join(folder, 'evidence.pem');
  const admin = writeKeyPair(adminKey);
  writeKeyPair(evidenceKey);
  const pem = readFileSync(evidenceKey, 'utf8');
  mesh = await startMesh({
    root: process.cwd(),
    gateways: 2,
    commonEnv: { IRIS_BULK_INTERVAL_SECONDS: '0' },
    gatewayEnv: (index) => ({
      IRIS_HOOK_BUDGET_MS: '20000',
      IRIS_BREAK_GLASS_KEYS: JSON.stringify({ 'ada-on-call': admin }),
      IRIS_EVIDENCE_SIGNING_KEY: pem,
      IRIS_EVIDENCE_HEAD_RECORDS: '3',
      ...(index === OPEN ? { IRIS_FAILURE_PRE_REQUEST: 'open' } : {}),
    }),
  });
}, 240_000);

afterAll(async () => {
  await mesh?.close();
  rmSync(folder, { recursive: true, force: true });
});

const gateway = () => mesh.gateways[ENFORCING];
const fate = async (call: Parameters<typeof preRequest>[0] = DENIED) =>
  fateOf(await postHook(gateway(), preRequest(call)));
const redisUrl = () => mesh.redis?.url ?? '';
const turn = (...args: string[]) =>
  runIris([
    'break-glass',
    ...args,
    '--redis',
    redisUrl(),
    '--gateway',
    gateway()?.url ?? '',
    '--key',
    adminKey,
    '--json',
  ]);

async function readiness(index: number): Promise<{ status: number; body: Record<string, unknown> }> {
  const response = await fetch(`${mesh.gateways[index]?.url}/readyz`);
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await sleep(100);
}

describe('break-glass', () => {
  it('lets pass what is denied while it is on, in its category, and records that', async () => {
    expect(await fate()).not.toBe('passed');
    const on = await turn('--for', '30m', '--reason', 'incident 7', '--category', 'database');
    expect([on.code, on.err]).toEqual([0, '']);
    const { id } = on.json<{ id: string; seen: boolean }>();
    expect(on.json()).toMatchObject({ seen: true, category: 'database' });
    expect(await fate()).toBe('passed');
    expect(await fate(DENIED_ELSEWHERE)).not.toBe('passed');
    expect((await runIris(['break-glass', 'status', '--redis', redisUrl()])).out).toContain('incident 7');

    const ended = await turn('end');
    expect([ended.code, ended.json()]).toEqual([0, { ended: id, seen: true }]);
    expect(await fate()).not.toBe('passed');

    const records = await evidenceOf(gateway());
    const marked = records.filter(({ breakGlass }) => breakGlass?.id === id);
    expect(marked.map(({ event, reason, mode, effect, enforced }) => [event, reason, mode, effect, enforced])).toEqual([
      ['break_glass', 'break_glass_started', 'observe', 'ALLOW', false],
      ['pre_request', 'policy_denied', 'observe', 'DENY', false],
      ['break_glass', 'break_glass_ended', 'observe', 'ALLOW', false],
    ]);
    expect(marked[0]?.breakGlass).toMatchObject({ key: 'ada-on-call', category: 'database', reason: 'incident 7' });
    expect(records[0]?.revisions).toMatchObject({
      iris: expect.stringMatching(/^\d+\.\d+\.\d+/),
      policies: expect.stringMatching(/^[0-9a-f]{16}$/),
      pdp: expect.stringMatching(/^\d+\.\d+/),
      catalog: expect.stringMatching(/^[0-9a-f]{16}$/),
    });
  }, 60_000);

  it('takes nothing that is written to Redis without an admin key, and nothing again that was ended', async () => {
    const redis = connectRedis({ url: redisUrl() }, { name: 'attacker', commandTimeoutMs: 5000 });
    try {
      await turn('--for', '10m', '--reason', 'drill');
      const earlier = (await redis.get(REDIS_KEY)) ?? '';
      await turn('end');
      await redis.set(REDIS_KEY, earlier);
      await until(async () =>
        (gateway()?.process.output ?? []).some((line) => line.includes('a later record was seen')),
      );
      expect(await fate()).not.toBe('passed');
      await redis.set(REDIS_KEY, JSON.stringify({ ...JSON.parse(earlier), sequence: Date.now() + 1000 }));
      await until(async () => (gateway()?.process.output ?? []).some((line) => line.includes('no valid signature')));
      expect(await fate()).not.toBe('passed');
      await redis.del(REDIS_KEY);
    } finally {
      redis.disconnect();
    }
  }, 60_000);

  it('is refused by name where something is missing', async () => {
    expect((await turn('--reason', 'x')).err).toContain('--for states for how long');
    expect((await turn('--for', '1m')).err).toContain('--reason states why');
  }, 60_000);

  it('is off when Redis is unavailable', async () => {
    await turn('--for', '10m', '--reason', 'redis will fail');
    expect(await fate()).toBe('passed');
    await mesh.redis?.stop();
    await until(async () => (await readiness(ENFORCING)).body.breakGlass === undefined);
    expect(await fate()).not.toBe('passed');
    await until(async () => {
      const ends = (await evidenceOf(gateway())).flatMap(({ breakGlass }) => breakGlass?.end ?? []);
      return ends.at(-1) === 'redis_unavailable';
    });
    expect(await fate()).not.toBe('passed');
    expect(
      (await evidenceOf(gateway())).filter(({ action }) => action !== undefined).at(-1)?.breakGlass,
    ).toBeUndefined();
  }, 60_000);
});

describe('the chain of a gateway', () => {
  it('holds over restarts and a crash, and leads from a request to its rule', async () => {
    await gateway()?.process.kill();
    await mesh.restartGateway(ENFORCING);
    await fate();
    await gateway()?.process.stop();
    const directory = gateway()?.evidenceDirectory ?? '';
    const run = await runIris([
      'evidence',
      'verify',
      '--json',
      directory,
      '--public-key',
      `${evidenceKey}.pub`,
      '--live-seconds',
      '0',
    ]);
    expect(run.json()).toMatchObject({ findings: [] });
    expect(run.json<{ chains: { state: string }[] }>().chains.map(({ state }) => state)).toEqual([
      'continued',
      'closed',
    ]);
    const record = (await evidenceOf(gateway())).find(({ effect }) => effect === 'DENY');
    const why = await runIris(['why', record?.requestId ?? '', directory]);
    expect(why.out).toContain(record?.policy.rules[0] ?? 'a rule');
  }, 60_000);
});

describe('readiness without a PDP', () => {
  it('follows the failure mode', async () => {
    await mesh.restartGateway(ENFORCING);
    await mesh.pdp.process.kill();
    await until(async () => (await readiness(ENFORCING)).status === 503);
    await until(async () => (await readiness(OPEN)).body.withoutPdp === true);
    expect(await readiness(OPEN)).toMatchObject({
      status: 200,
      body: { status: 'ready', failureModes: { pre_request: 'open', pre_tool_use: 'closed' }, pdp: { ready: false } },
    });
    expect(fateOf(await postHook(mesh.gateways[OPEN], preRequest(DENIED)))).toBe('passed');
  }, 60_000);
});
