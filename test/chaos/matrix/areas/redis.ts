import { eventually } from '@iris/context-cache/testing';
import { expect } from '@jest/globals';
import { Redis } from 'ioredis';
import type { ChaosMesh } from '../chaos-mesh.js';
import type { AreaCell, FaultArea } from '../fault-area.js';
import type { ProxyMode } from '../fault-proxy.js';

const through = (mode: ProxyMode) => (chaos: ChaosMesh) => chaos.toRedis.set(mode);
const healed = through({ kind: 'pass' });

/** Sends one command to Redis itself, past the proxy. */
const command =
  (...[name, ...args]: [string, ...string[]]) =>
  async (chaos: ChaosMesh) => {
    const admin = new Redis(chaos.redis.url, { retryStrategy: () => 100 });
    admin.on('error', () => {});
    try {
      await admin.call(name, ...args);
    } finally {
      admin.disconnect();
    }
  };

async function untilConnected(chaos: ChaosMesh): Promise<void> {
  await healed(chaos);
  await eventually(async () => {
    const health = await fetch(`${chaos.mesh.gateways[0]?.url}/readyz`);
    expect(await health.json()).toMatchObject({ cache: { redis: 'ok' } });
  });
}

const ABSENT: AreaCell = { name: 'absent when everything starts', strike: () => {}, heal: healed };

const CONNECTED: readonly AreaCell[] = [
  { name: 'refuses connections', strike: through({ kind: 'refuse' }), heal: healed },
  { name: 'cuts connections', strike: through({ kind: 'cut' }), heal: healed },
  { name: 'accepts connections and is silent', strike: through({ kind: 'silent' }), heal: healed },
  { name: 'its connections vanish silently', strike: through({ kind: 'vanished' }), heal: healed },
  { name: 'answers 200 ms later', strike: through({ kind: 'slow', ms: 200 }), heal: healed },
  {
    name: 'killed, and back empty later',
    strike: ({ redis }) => redis.kill(),
    heal: ({ redis }) => redis.start(),
  },
  {
    name: 'restarted empty',
    faultMs: 1000,
    strike: async ({ redis }) => {
      await redis.kill();
      await redis.start();
    },
    heal: () => {},
  },
  { name: 'stopped (SIGSTOP)', strike: ({ redis }) => redis.freeze(), heal: ({ redis }) => redis.thaw() },
  {
    name: 'read-only',
    strike: command('REPLICAOF', '127.0.0.1', '1'),
    heal: command('REPLICAOF', 'NO', 'ONE'),
  },
  {
    name: 'out of memory',
    strike: command('CONFIG', 'SET', 'maxmemory', '1'),
    heal: command('CONFIG', 'SET', 'maxmemory', '0'),
  },
];

export const REDIS: FaultArea = {
  title: 'Redis',
  mesh: { redisAtStart: false },
  cells: [ABSENT, ...CONNECTED.map((cell) => ({ ...cell, before: untilConnected }))],
};
