import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { eventually } from './eventually.js';
import { freePort } from './free-port.js';
import { startRedis, type TestRedis } from './redis-server.js';

/** Several Redis processes that fail over by themselves, or when told to. */
export interface RedisTopology {
  /** What a client is given. */
  readonly url: string;
  /** Has another node become the primary of the key; resolves when it is. The old one is unavailable or a replica. */
  failOver(key: string): Promise<void>;
  stop(): Promise<void>;
}

/** Until a node is given up by its peers, in ms: short, so that a test does not wait for the failure to be seen. */
const NODE_TIMEOUT_MS = 1000;
const QUORUM = 2;
const PRIMARY_NAME = 'iris-primary';

/** A primary with a replica. */
export interface RedisPair {
  readonly first: TestRedis;
  readonly second: TestRedis;
  /** Makes the second the primary and the first its replica. Connections stay open. */
  swap(): Promise<void>;
  stop(): Promise<void>;
}

export async function startRedisPair(): Promise<RedisPair> {
  const first = await startRedis();
  const second = await startRedis(['--replicaof', '127.0.0.1', String(first.port)]);
  await inSync(second);
  return {
    first,
    second,
    swap: async () => {
      await command(second.port, 'REPLICAOF', 'NO', 'ONE');
      await command(first.port, 'REPLICAOF', '127.0.0.1', second.port);
      await inSync(first);
    },
    stop: async () => {
      await Promise.all([first.stop(), second.stop()]);
    },
  };
}

/** A primary, a replica and three sentinels. The primary is killed to fail over. */
export async function startSentinelTrio(): Promise<RedisTopology> {
  const pair = await startRedisPair();
  const folder = await mkdtemp(join(tmpdir(), 'iris-sentinel-'));
  const sentinels = await Promise.all(
    [1, 2, 3].map((index) => startSentinel(join(folder, `${index}`), pair.first.port)),
  );
  const ports = sentinels.map(({ port }) => port);
  await eventually(async () => {
    for (const port of ports) {
      const [state] = (await command(port, 'SENTINEL', 'MASTERS')) as string[][];
      const text = state?.join(' ') ?? '';
      if (!/num-slaves 1 num-other-sentinels 2/.test(text)) throw new Error(`a sentinel does not see all: ${text}`);
    }
  });
  return {
    url: `redis+sentinel://${ports.map((port) => `127.0.0.1:${port}`).join(',')}/${PRIMARY_NAME}`,
    failOver: async () => {
      await pair.first.kill();
      await isPrimary(pair.second);
    },
    stop: async () => {
      await Promise.all(sentinels.map(({ stop }) => stop()));
      await pair.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function startSentinel(file: string, primaryPort: number): Promise<{ port: number; stop(): Promise<void> }> {
  const port = await freePort();
  const lines = [
    `port ${port}`,
    'bind 127.0.0.1',
    `sentinel monitor ${PRIMARY_NAME} 127.0.0.1 ${primaryPort} ${QUORUM}`,
    `sentinel down-after-milliseconds ${PRIMARY_NAME} ${NODE_TIMEOUT_MS}`,
    `sentinel failover-timeout ${PRIMARY_NAME} 10000`,
  ];
  await writeFile(file, `${lines.join('\n')}\n`);
  const child = spawn('redis-server', [file, '--sentinel'], { stdio: 'ignore' });
  await eventually(() => command(port, 'PING'));
  return {
    port,
    stop: async () => {
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    },
  };
}

/** Three primaries with a replica each. The primary of a key is killed to fail over. */
export async function startRedisCluster(): Promise<RedisTopology> {
  const nodes = await Promise.all(Array.from({ length: 6 }, () => startClusterNode()));
  const primaries = nodes.slice(0, 3);
  await Promise.all(
    primaries.map(({ redis }, index) =>
      command(redis.port, 'CLUSTER', 'ADDSLOTSRANGE', index * 5461, index === 2 ? 16_383 : index * 5461 + 5460),
    ),
  );
  const [seed] = nodes;
  for (const { redis, busPort } of nodes.slice(1)) {
    await command(seed?.redis.port ?? 0, 'CLUSTER', 'MEET', '127.0.0.1', redis.port, busPort);
  }
  await eventually(async () => {
    for (const { redis } of nodes) {
      const info = String(await command(redis.port, 'CLUSTER', 'INFO'));
      if (!info.includes('cluster_state:ok') || !info.includes('cluster_known_nodes:6')) throw new Error(info);
    }
  });
  for (const [index, { redis }] of nodes.slice(3).entries()) {
    await command(redis.port, 'CLUSTER', 'REPLICATE', await idOf(primaries[index]?.redis.port ?? 0));
  }
  for (const { redis } of nodes.slice(3)) await inSync(redis);
  await eventually(async () => {
    const slots = (await command(seed?.redis.port ?? 0, 'CLUSTER', 'SLOTS')) as unknown[][];
    if (slots.some((slot) => slot.length < 4)) throw new Error('a primary has no replica yet');
  });
  return {
    url: `redis+cluster://${nodes.map(({ redis }) => `127.0.0.1:${redis.port}`).join(',')}`,
    failOver: async (key) => {
      const index = Math.min(
        2,
        Math.floor(Number(await command(seed?.redis.port ?? 0, 'CLUSTER', 'KEYSLOT', key)) / 5461),
      );
      const [primary, replica] = [nodes[index], nodes[index + 3]];
      if (primary === undefined || replica === undefined) throw new Error('no such node');
      await primary.redis.kill();
      await isPrimary(replica.redis);
    },
    stop: async () => {
      await Promise.all(nodes.map(({ redis }) => redis.stop()));
    },
  };
}

async function startClusterNode(): Promise<{ readonly redis: TestRedis; readonly busPort: number }> {
  const busPort = await freePort();
  const redis = await startRedis([
    '--cluster-enabled',
    'yes',
    '--cluster-port',
    String(busPort),
    '--cluster-node-timeout',
    String(NODE_TIMEOUT_MS),
  ]);
  return { redis, busPort };
}

async function idOf(port: number): Promise<string> {
  return String(await command(port, 'CLUSTER', 'MYID'));
}

async function inSync({ port }: TestRedis): Promise<void> {
  await eventually(async () => {
    const info = String(await command(port, 'INFO', 'replication'));
    if (!info.includes('master_link_status:up')) throw new Error('the replica is not in sync');
  });
}

async function isPrimary({ port }: TestRedis): Promise<void> {
  await eventually(async () => {
    const info = String(await command(port, 'INFO', 'replication'));
    if (!info.includes('role:master')) throw new Error('the replica was not promoted');
  });
}

/** One command on a connection of its own. */
async function command(port: number, name: string, ...args: (string | number)[]): Promise<unknown> {
  const redis = new Redis({ port, host: '127.0.0.1', lazyConnect: true, retryStrategy: null, maxRetriesPerRequest: 0 });
  redis.on('error', () => {});
  try {
    await redis.connect();
    return await redis.call(name, ...args);
  } finally {
    redis.disconnect();
  }
}
