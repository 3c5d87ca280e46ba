import { setTimeout as sleep } from 'node:timers/promises';
import { principalKey } from '@iris/context-cache';
import { eventually, type RedisTopology, startRedisCluster, startSentinelTrio } from '@iris/context-cache/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { sendOktaHook } from '../../apps/enricher-okta/simulated-api/okta-event-hook.js';
import { type Mesh, startMesh } from '../../apps/sandbox/src/mesh/mesh.js';
import { ask, deviceOf } from './hook-client.js';
import { startMovingPair } from './moving-pair.js';

const LOGIN = 'ben@lumen.example';
const READ = { tool: 'Read', input: { file_path: '/x' } };
const OKTA_SECRET = 'sandbox-okta-hook-secret';
/** For how long nothing may be decided on the old fact any more, in ms. */
const HELD_MS = 5000;

describe.each<[string, () => Promise<RedisTopology>]>([
  ['an address that moves to the new primary', startMovingPair],
  ['a primary that sentinels name', startSentinelTrio],
  ['a cluster', startRedisCluster],
])('a mesh whose Redis is %s', (title, start) => {
  let redis: RedisTopology;
  let mesh: Mesh;

  beforeAll(async () => {
    redis = await start();
    mesh = await startMesh({
      root: process.cwd(),
      redis: false,
      gateways: 2,
      commonEnv: { IRIS_REDIS_URL: redis.url, IRIS_BULK_INTERVAL_SECONDS: '0' },
      gatewayEnv: { IRIS_HOOK_BUDGET_MS: '5000' },
      enricherEnv: { okta: { IRIS_OKTA_HOOK_AUTHORIZATION: OKTA_SECRET } },
    });
  });
  afterAll(async () => {
    await mesh?.close();
    await redis?.stop();
  });

  const fates = async () => {
    const nodeId = deviceOf(mesh, LOGIN);
    return Promise.all([0, 1].map((gateway) => ask(mesh, { login: LOGIN, nodeId, ...READ }, gateway)));
  };
  const cache = async () => {
    const answers = await Promise.all(mesh.gateways.map(({ url }) => fetch(`${url}/readyz`)));
    const documents = (await Promise.all(answers.map((answer) => answer.json()))) as { cache: { redis: string } }[];
    return documents.map((document) => document.cache.redis);
  };
  const within = (what: string, check: () => Promise<boolean>) =>
    eventually(async () => {
      if (!(await check())) throw new Error(`not yet: ${what}`);
    });

  it('decides by a suspension that Okta sends after the failover', async () => {
    await within('a Redis that serves', async () => (await cache()).every((state) => state === 'ok'));
    expect(await fates()).toEqual(['passed', 'passed']);
    expect(await fates()).toEqual(['passed', 'passed']);

    await redis.failOver(principalKey(LOGIN));
    const newPrimaryAt = performance.now();
    mesh.sandbox.admin.company.setOktaStatus(LOGIN, 'SUSPENDED');
    const url = `${mesh.enrichers.find(({ vendor }) => vendor === 'okta')?.httpUrl}/webhook`;
    const events = [{ eventType: 'user.lifecycle.suspend', login: LOGIN }];
    let attempts = 0;
    await within('a webhook that is taken', async () => {
      attempts += 1;
      const [attempt] = await sendOktaHook(mesh.sandbox.admin.company, { url, authorization: OKTA_SECRET, events });
      return attempt?.status === 200;
    });
    const takenMs = Math.round(performance.now() - newPrimaryAt);
    await within('the suspension in force', async () => (await fates()).every((fate) => fate !== 'passed'));
    const inForceMs = Math.round(performance.now() - newPrimaryAt);
    process.stdout.write(
      `${title}: webhook taken ${takenMs} ms after the new primary (attempt ${attempts}), in force after ${inForceMs} ms\n`,
    );

    const endsAt = performance.now() + HELD_MS;
    while (performance.now() < endsAt) {
      expect(await fates()).not.toContain('passed');
      await sleep(100);
    }
    await within('a Redis that serves again', async () => (await cache()).every((state) => state === 'ok'));
  });
});
