import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { connectRedisForWorker, type RedisConnection } from './redis-connection.js';
import { ScheduledJob, type ScheduledJobOptions } from './scheduled-job.js';
import { eventually } from './testing/eventually.js';
import { startRedis, type TestRedis } from './testing/redis-server.js';

describe('a job on a schedule in a real Redis', () => {
  let server: TestRedis;
  const replicas: { job: ScheduledJob; redis: RedisConnection }[] = [];

  beforeEach(async () => {
    server = await startRedis();
  });
  afterEach(async () => {
    for (const { job, redis } of replicas.splice(0)) {
      await job.close();
      redis.disconnect();
    }
    await server.stop();
  });

  function replica(
    run: () => Promise<void>,
    problems: Error[] = [],
    schedule: Pick<ScheduledJobOptions, 'everyMs' | 'due' | 'isWorthRetry'> = { everyMs: 100 },
  ): RedisConnection {
    const redis = connectRedisForWorker(server.url);
    const job = new ScheduledJob({ name: 'test', redis, run, onError: (error) => problems.push(error), ...schedule });
    replicas.push({ job, redis });
    return redis;
  }

  it('is run by one replica at a time, even when a run takes longer than the interval', async () => {
    const gate = Promise.withResolvers<void>();
    let runs = 0;
    let together = 0;
    let most = 0;
    const run = async () => {
      runs += 1;
      together += 1;
      most = Math.max(most, together);
      if (runs === 1) await gate.promise;
      together -= 1;
    };
    const redis = replica(run);
    replica(run);
    await eventually(async () => expect(runs).toBe(1));
    // The next run is due, and waits.
    await eventually(async () => {
      const due = (await redis.llen('{iris}:test:wait')) + (await redis.zcard('{iris}:test:delayed'));
      expect(due).toBe(1);
    });
    gate.resolve();
    await eventually(async () => expect(runs).toBeGreaterThan(3));
    expect(most).toBe(1);
  });

  it('continues after a run that failed, and after a Redis that came back empty', async () => {
    const problems: Error[] = [];
    let runs = 0;
    replica(async () => {
      runs += 1;
      if (runs === 1) throw new Error('first run');
    }, problems);
    await eventually(async () => expect(runs).toBeGreaterThan(1));
    expect(problems.map(({ message }) => message)).toContain('first run');
    await server.kill();
    await server.start();
    const before = runs;
    await eventually(async () => expect(runs).toBeGreaterThan(before + 1));
  });

  it('keeps no more of ended runs than the last ones', async () => {
    let runs = 0;
    const redis = replica(async () => {
      runs += 1;
      if (runs % 2 === 0) throw new Error('every other run');
    });
    await eventually(async () => expect(runs).toBeGreaterThan(60));
    const kept = (await redis.zcard('{iris}:test:completed')) + (await redis.zcard('{iris}:test:failed'));
    expect(kept).toBe(40);
    expect((await redis.keys('{iris}:test:*')).length).toBeLessThan(kept + 20);
  });

  it('tries a run that failed again long before the next one', async () => {
    const problems: Error[] = [];
    let runs = 0;
    replica(
      async () => {
        runs += 1;
        if (runs <= 2) throw new Error(`run ${runs}`);
      },
      problems,
      { everyMs: 3_600_000, due: async () => true },
    );
    // One run is asked for at the start, and the schedule begins with another.
    await eventually(async () => expect(runs).toBe(4));
    expect(problems.map(({ message }) => message).sort()).toEqual(['run 1', 'run 2']);
  });

  it('does not try a run again whose error will not pass', async () => {
    const problems: Error[] = [];
    const run = async () => {
      throw new Error('refused');
    };
    const redis = replica(run, problems, { everyMs: 3_600_000, due: async () => true, isWorthRetry: () => false });
    // One run is asked for at the start, and the schedule begins with another.
    await eventually(async () => expect(problems.map(({ message }) => message)).toEqual(['refused', 'refused']));
    expect(await redis.zcard('{iris}:test:failed')).toBe(2);
    expect(await redis.zcard('{iris}:test:delayed')).toBeLessThanOrEqual(1);
  });
});
