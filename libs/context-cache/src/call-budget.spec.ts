import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { CallBudget } from './call-budget.js';
import { connectRedis, type RedisConnection } from './redis-connection.js';
import { startRedis, type TestRedis } from './testing/redis-server.js';

const NOW = Date.now();
const WINDOW = { limit: 100, remaining: 100, window: 1000, endsAt: NOW + 60_000 };

describe('the budget of calls', () => {
  let server: TestRedis;
  let redis: RedisConnection;

  beforeAll(async () => {
    server = await startRedis();
    redis = await server.connect({ commandTimeoutMs: 10_000 });
  });
  afterAll(() => server.stop());

  function budget(shared: boolean): CallBudget {
    const made = new CallBudget();
    if (shared) made.shareBy(redis);
    return made;
  }

  async function taken(budgets: readonly CallBudget[], bucket: string, share: number, tries: number): Promise<number> {
    const waits = await Promise.all(
      Array.from({ length: tries }, (_, index) => budgets[index % budgets.length]?.take(bucket, share, NOW)),
    );
    return waits.filter((wait) => wait === 0).length;
  }

  it('is one for all replicas, and leaves the share of others', async () => {
    const replicas = [budget(true), budget(true)];
    await replicas[0]?.learn('shared', WINDOW);
    expect(await taken(replicas, 'shared', 0.5, 80)).toBe(50);
    // Bulk reads have used up their share; decisions have theirs.
    expect(await taken(replicas, 'shared', 0.1, 80)).toBe(40);
    expect(await replicas[1]?.take('shared', 0.1, NOW)).toBe(60_000);
  });

  it.each([
    ['with Redis', true],
    ['without Redis', false],
  ])('goes by the least that the vendor said is left, until the window ends, %s', async (title, shared) => {
    const one = budget(shared);
    await one.learn(title, { ...WINDOW, remaining: 20 });
    await one.learn(title, { ...WINDOW, remaining: 30 });
    await one.learn(title, { ...WINDOW, window: 999, remaining: 90 });
    expect(await taken([one], title, 0.1, 30)).toBe(10);
    expect(await one.take(title, 0.1, WINDOW.endsAt)).toBe(0);
    await one.learn(title, { ...WINDOW, window: 1060, remaining: 99 });
    expect(await one.take(title, 0.1, NOW)).toBe(0);
  });

  it('asks nobody to wait of whom nothing is known', async () => {
    expect(await budget(true).take('unknown', 0.5)).toBe(0);
    expect(await budget(false).take('unknown', 0.5)).toBe(0);
  });

  it('counts by itself while Redis is unavailable', async () => {
    const lost = connectRedis('redis://127.0.0.1:1');
    const one = new CallBudget();
    one.shareBy(lost);
    await one.learn('lost', { ...WINDOW, remaining: 12 });
    expect(await taken([one], 'lost', 0.1, 10)).toBe(2);
    lost.disconnect();
  });
});
