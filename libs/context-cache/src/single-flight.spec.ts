import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { connectRedis, type RedisConnection } from './redis-connection.js';
import { DistributedFlights, type Flight, FlightTimeout, SharedFault } from './single-flight.js';
import { startRedis, type TestRedis } from './testing/redis-server.js';

const address = { key: 'iris:ctx:v1:{ana@example.com}', field: 'okta' };

describe('one call of many replicas', () => {
  let server: TestRedis;
  let replicas: { redis: RedisConnection; flights: DistributedFlights }[];

  beforeAll(async () => {
    server = await startRedis();
  });
  afterAll(() => server.stop());
  beforeEach(async () => {
    await server.reset();
    replicas = [];
    for (let index = 0; index < 2; index += 1) {
      const redis = await server.connect({ commandTimeoutMs: 10_000 });
      replicas.push({ redis, flights: new DistributedFlights(redis) });
    }
  });

  /** A call that ends when the test ends it, and keeps its result where the others look. */
  function sharedCall() {
    const state = { calls: 0, kept: undefined as string | undefined };
    const called = Promise.withResolvers<void>();
    const outcome = Promise.withResolvers<string>();
    const flight = (change: Partial<Flight<string>> = {}): Flight<string> => ({
      address,
      lockMs: 10_000,
      signal: new AbortController().signal,
      find: async () => state.kept,
      fetch: async () => {
        state.calls += 1;
        called.resolve();
        state.kept = await outcome.promise;
        return state.kept;
      },
      describeFault: (error) => (error instanceof Error ? error.message : undefined),
      ...change,
    });
    return { state, called: called.promise, outcome, flight };
  }

  it('is made by one, and the others take its result', async () => {
    const { state, called, outcome, flight } = sharedCall();
    const waiting = Array.from({ length: 20 }, (_, index) => {
      const replica = replicas[index % 2];
      // As in production, the look-up follows the lock on the same connection.
      const find = async () => {
        await replica?.redis.ping();
        return state.kept;
      };
      return replica?.flights.run(flight({ find }));
    });
    await called;
    outcome.resolve('facts');
    expect(await Promise.all(waiting)).toEqual(Array(20).fill('facts'));
    expect(state.calls).toBe(1);
  });

  it('is not made when its result is there already, and leaves no lock', async () => {
    const { state, flight } = sharedCall();
    state.kept = 'facts';
    expect(await replicas[0]?.flights.run(flight())).toBe('facts');
    expect(state.calls).toBe(0);
    // The release is not waited for; a reply to a later command of the same connection comes after it.
    expect(await replicas[0]?.redis.keys('iris:lock:*')).toEqual([]);
  });

  it('fails for those who wait as it failed for who called', async () => {
    const { state, called, outcome, flight } = sharedCall();
    const first = replicas[0]?.flights.run(flight());
    await called;
    const second = replicas[1]?.flights.run(flight());
    outcome.reject(new Error('unavailable'));
    await expect(first).rejects.toThrow('unavailable');
    await expect(second).rejects.toMatchObject({ name: 'SharedFault', fault: 'unavailable' });
    await expect(second).rejects.toBeInstanceOf(SharedFault);
    expect(state.calls).toBe(1);
  });

  it('is made again by another when the error is not to be shared', async () => {
    const { called, outcome, flight } = sharedCall();
    const first = replicas[0]?.flights.run(flight({ describeFault: () => undefined }));
    await called;
    const second = replicas[1]?.flights.run(flight({ fetch: async () => 'second' }));
    outcome.reject(new Error('cancelled'));
    await expect(first).rejects.toThrow('cancelled');
    expect(await second).toBe('second');
  });

  it('is made again when the holder died and its lock ended', async () => {
    await replicas[0]?.redis.set('iris:lock:v1:iris:ctx:v1:{ana@example.com}:okta', 'dead', 'PX', 100);
    expect(await replicas[1]?.flights.run(sharedCall().flight({ fetch: async () => 'mine' }))).toBe('mine');
  });

  it('is not waited for longer than a lock lives', async () => {
    await replicas[0]?.redis.set('iris:lock:v1:iris:ctx:v1:{ana@example.com}:okta', 'stuck');
    await expect(replicas[1]?.flights.run(sharedCall().flight({ lockMs: 100 }))).rejects.toBeInstanceOf(FlightTimeout);
  });

  it('is not waited for by one who left', async () => {
    await replicas[0]?.redis.set('iris:lock:v1:iris:ctx:v1:{ana@example.com}:okta', 'busy');
    const controller = new AbortController();
    const waiting = replicas[1]?.flights.run(sharedCall().flight({ signal: controller.signal }));
    controller.abort(new Error('left'));
    await expect(waiting).rejects.toThrow('left');
  });

  it('does not take away a lock that another holds by now', async () => {
    const { called, outcome, flight } = sharedCall();
    const first = replicas[0]?.flights.run(flight());
    await called;
    await replicas[0]?.redis.set('iris:lock:v1:iris:ctx:v1:{ana@example.com}:okta', 'another');
    outcome.resolve('facts');
    await first;
    // The release is not waited for; a reply to a later command of the same connection comes after it.
    await replicas[0]?.redis.ping();
    expect(await replicas[1]?.redis.get('iris:lock:v1:iris:ctx:v1:{ana@example.com}:okta')).toBe('another');
  });

  it('is made by everyone without Redis', async () => {
    const away = connectRedis('redis://127.0.0.1:1');
    const flights = new DistributedFlights(away);
    expect(await flights.run(sharedCall().flight({ fetch: async () => 'direct' }))).toBe('direct');
    away.disconnect();
  });
});
