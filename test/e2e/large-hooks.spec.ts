import { existsSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import type { Logger } from '@iris/telemetry';
import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { DEFAULT_HOOK_LIMITS, type HookLimits } from '../../apps/gateway/src/hook/hook-limits.js';
import { InThreadHookReader } from '../../apps/gateway/src/pipeline/hook-reader.js';
import { PooledHookReader, type PoolOptions } from '../../apps/gateway/src/pipeline/pooled-hook-reader.js';
import type { HookReading } from '../../apps/gateway/src/protocol/hook-reader.js';

/** Worker threads run the compiled reader: build first. */
const WORKER = 'dist/apps/gateway/src/pipeline/read-worker.js';

const NEVER = new AbortController().signal;
const logger = { error: () => undefined, warn: () => undefined } as unknown as Logger;
const readers: PooledHookReader[] = [];

beforeAll(() => {
  if (!existsSync(WORKER)) throw new Error('build first: npm run build');
});
afterEach(async () => {
  await Promise.all(readers.splice(0).map((reader) => reader.close()));
});

function pooled(options: Partial<PoolOptions> = {}, limits: Partial<HookLimits> = {}): PooledHookReader {
  const reader = new PooledHookReader(
    { ...DEFAULT_HOOK_LIMITS, ...limits },
    { offloadAboveBytes: 1024, threads: 1, maxQueue: 4, maxHeapMb: 256, workerFile: pathToFileURL(WORKER), ...options },
    logger,
  );
  readers.push(reader);
  return reader;
}

function incoming(body: Buffer, contentCoding?: string) {
  return { routeEvent: 'pre_request' as const, keyName: 'aperture', arrivedAt: 1, body, contentCoding };
}

/** A request whose history holds calls with results. */
function hookOf(calls: number, input: (index: number) => unknown, filler = ''): string {
  const indexes = Array.from({ length: calls }, (_, index) => index);
  return JSON.stringify({
    metadata: { login_name: 'ana@example.com', url: '/v1/messages', session_id: 's' },
    request_body: {
      model: 'm',
      tools: [{ name: 'Read', input_schema: {} }],
      messages: [
        { role: 'user', content: filler || 'go on' },
        {
          role: 'assistant',
          content: indexes.map((index) => ({ type: 'tool_use', id: `t${index}`, name: 'Read', input: input(index) })),
        },
        {
          role: 'user',
          content: indexes.map((index) => ({
            type: 'tool_result',
            tool_use_id: `t${index}`,
            content: `RESULT ${index}`,
          })),
        },
      ],
    },
  });
}

function callsOf(reading: HookReading) {
  if (!reading.ok || reading.calls.status !== 'read') throw new Error(JSON.stringify(reading));
  return reading.calls;
}

const LARGE = hookOf(50, (index) => ({ path: `/grüße/${index}`, n: index }), 'x'.repeat(300_000));

describe('a large hook', () => {
  it('is read in a thread as it is on the event loop, and rewritten to the same text', async () => {
    const inThread = await new InThreadHookReader(DEFAULT_HOOK_LIMITS).read(incoming(Buffer.from(LARGE)));
    const inPool = await pooled().read(incoming(Buffer.from(LARGE)), NEVER);
    if (!inPool.ok || !inThread.ok) throw new Error('both are read');
    expect(inPool.hook).toEqual({ ...inThread.hook, data: expect.anything() });
    const expected = callsOf(inThread);
    const actual = callsOf(inPool);
    expect(actual.calls.map(({ id, name, params, resultDigest }) => ({ id, name, params, resultDigest }))).toEqual(
      expected.calls.map(({ id, name, params, resultDigest }) => ({ id, name, params, resultDigest })),
    );
    expect(actual.declared).toEqual(expected.declared);
    const decisions = { strip: new Set([expected.declared[0]?.key ?? '']), redact: new Map([['t7', 'Withheld.']]) };
    const [one, other] = [await expected.body?.rewrite(decisions), await actual.body?.rewrite(decisions)];
    if (one?.status !== 'rewritten' || other?.status !== 'rewritten') throw new Error('both are rewritten');
    expect(other.text.toString()).toBe(one.text.toString());
    expect(other.text.toString()).not.toContain('RESULT 7"');
    // Observing asks what enforcement would do, with other decisions on the same body.
    expect(await actual.body?.rewrite({ strip: new Set(), redact: new Map() })).toEqual({ status: 'unchanged' });
  });

  it.each([['gzip', gzipSync]])('is read in %s, also when only its decoded form is large', async (coding, encode) => {
    const reading = await pooled().read(incoming(encode(Buffer.from(LARGE)), coding), NEVER);
    expect(callsOf(reading).calls).toHaveLength(50);
  });

  it.each([
    ['body_too_complex', `{"x":[${'[],'.repeat(600_000)}[]]}`],
    ['body_too_deep', `${'['.repeat(5000)}${']'.repeat(5000)}`],
    ['hook_malformed', `{"x":${' '.repeat(5000)}`],
    ['duplicate_json_key', `{"x":"${'x'.repeat(5000)}","x":1}`],
  ])('that is not read is refused for %s', async (reason, text) => {
    const reader = pooled({}, { maxDecodedRatio: 100_000 });
    expect(await reader.read(incoming(Buffer.from(text)), NEVER)).toMatchObject({ ok: false, reason });
    // A bomb of this kind is a few KB on the wire.
    expect(await reader.read(incoming(gzipSync(text), 'gzip'), NEVER)).toMatchObject({ ok: false, reason });
  });

  it('that decodes to too much is refused', async () => {
    const bomb = gzipSync(`{"x":[${'[],'.repeat(3_000_000)}[]]}`);
    expect(await pooled().read(incoming(bomb, 'gzip'), NEVER)).toMatchObject({ reason: 'decoded_ratio_exceeded' });
  });

  it('drops parameters that no call may have, and reports it', async () => {
    const text = hookOf(3, (index) => (index === 1 ? { text: 'x'.repeat(1_500_000) } : { n: index }));
    const { calls } = callsOf(await pooled().read(incoming(Buffer.from(text)), NEVER));
    expect(calls.map(({ oversized, params }) => [oversized, params])).toEqual([
      [undefined, { n: 0 }],
      ['call_too_large', undefined],
      [undefined, { n: 2 }],
    ]);
  });
});

describe('the pool', () => {
  it('refuses what exceeds its queue, and reads the rest', async () => {
    const reader = pooled({ maxQueue: 1 });
    const readings = await Promise.all(
      Array.from({ length: 6 }, () => reader.read(incoming(Buffer.from(LARGE)), NEVER)),
    );
    const busy = readings.filter((reading) => !reading.ok);
    expect(busy.length).toBeGreaterThan(0);
    expect(busy.length).toBeLessThan(6);
    for (const reading of busy) expect(reading).toMatchObject({ reason: 'gateway_busy' });
  });

  it('denies a hook whose thread ends, and it alone', async () => {
    const reader = pooled({ workerFile: new URL('./ending-worker.mjs', import.meta.url), threads: 2 });
    const ends = Buffer.from(`{"x":"${'ENDS THE THREAD '.repeat(1000)}"}`);
    const [ended, other] = await Promise.all([
      reader.read(incoming(ends), NEVER),
      reader.read(incoming(Buffer.from(LARGE)), NEVER),
    ]);
    expect(ended).toMatchObject({ ok: false, reason: 'worker_failed' });
    expect(callsOf(other).calls).toHaveLength(50);
    expect(callsOf(await reader.read(incoming(Buffer.from(LARGE)), NEVER)).calls).toHaveLength(50);
  });

  it('gives up a hook that nobody waits for any more, and reads the next one', async () => {
    const reader = pooled();
    const gone = new AbortController();
    const reading = reader.read(incoming(Buffer.from(LARGE)), gone.signal);
    gone.abort();
    expect((await reading).ok).toBe(false);
    expect(callsOf(await reader.read(incoming(Buffer.from(LARGE)), NEVER)).calls).toHaveLength(50);
  });

  it('reads small hooks without a thread, also when all are busy', async () => {
    const reader = pooled({ offloadAboveBytes: 262_144, maxQueue: 0 });
    const small = Buffer.from(hookOf(1, () => ({})));
    const large = reader.read(incoming(Buffer.from(LARGE)), NEVER);
    expect(callsOf(await reader.read(incoming(small), NEVER)).calls).toHaveLength(1);
    expect(callsOf(await reader.read(incoming(gzipSync(small), 'gzip'), NEVER)).calls).toHaveLength(1);
    await large;
  });
});
