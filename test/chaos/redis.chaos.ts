import { eventually } from '@iris/context-cache/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { type ChaosMesh, startChaosMesh } from './matrix/chaos-mesh.js';
import { type FaultCell, runCell } from './matrix/fault-cell.js';
import { type FaultRow, rowOf, tellRows } from './matrix/fault-table.js';

let chaos: ChaosMesh;
let admin: Redis;
const rows: FaultRow[] = [];

beforeAll(async () => {
  chaos = await startChaosMesh({ redisAtStart: false });
  admin = new Redis(chaos.redis.url, { lazyConnect: true, retryStrategy: () => 100 });
  admin.on('error', () => {});
}, 180_000);

afterAll(async () => {
  tellRows('Redis', rows);
  admin?.disconnect();
  await chaos?.close();
});

const through = (mode: Parameters<ChaosMesh['toRedis']['set']>[0]) => () => chaos.toRedis.set(mode);
const healed = through({ kind: 'pass' });

const CELLS: readonly FaultCell[] = [
  { name: 'absent when everything starts', strike: () => {}, heal: healed },
  { name: 'refuses connections', strike: through({ kind: 'refuse' }), heal: healed },
  { name: 'cuts connections', strike: through({ kind: 'cut' }), heal: healed },
  { name: 'accepts connections and is silent', strike: through({ kind: 'silent' }), heal: healed },
  { name: 'its connections vanish silently', strike: through({ kind: 'vanished' }), heal: healed },
  { name: 'answers 200 ms later', strike: through({ kind: 'slow', ms: 200 }), heal: healed },
  {
    name: 'killed, and back empty later',
    strike: () => chaos.redis.kill(),
    heal: () => chaos.redis.start(),
  },
  {
    name: 'restarted empty',
    faultMs: 1000,
    strike: async () => {
      await chaos.redis.kill();
      await chaos.redis.start();
    },
    heal: () => {},
  },
  { name: 'stopped (SIGSTOP)', strike: () => chaos.redis.freeze(), heal: () => chaos.redis.thaw() },
  {
    name: 'read-only',
    strike: () => admin.call('REPLICAOF', '127.0.0.1', '1'),
    heal: () => admin.call('REPLICAOF', 'NO', 'ONE'),
  },
  {
    name: 'out of memory',
    strike: () => admin.config('SET', 'maxmemory', '1'),
    heal: () => admin.config('SET', 'maxmemory', '0'),
  },
];

describe('Redis', () => {
  it.each(CELLS.map((cell) => [cell.name, cell] as const))(
    '%s',
    async (_name, cell) => {
      if (cell !== CELLS[0]) {
        await healed();
        await eventually(async () => {
          const health = await fetch(`${chaos.mesh.gateways[0]?.url}/readyz`);
          expect(await health.json()).toMatchObject({ cache: { redis: 'ok' } });
        });
      }
      const outcome = await runCell(chaos, cell);
      rows.push(rowOf(outcome));
      expect(outcome.violations).toEqual([]);
    },
    180_000,
  );
});
