import { gzipSync } from 'node:zlib';
import { Zstd } from '@hpcc-js/wasm-zstd';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { decodeBody, isAcceptedCoding } from './content-coding.js';

const LIMIT = 200_000;
const text = Buffer.from(JSON.stringify({ user_message: 'grüße '.repeat(20_000) }));

let zstd: Zstd;
beforeAll(async () => {
  zstd = await Zstd.load();
});

describe('decodeBody', () => {
  it.each([undefined, '', 'identity', ' Identity '])('takes %s as it is', async (coding) => {
    expect(await decodeBody(text, coding, LIMIT)).toEqual({ ok: true, bytes: text });
  });

  it.each(['gzip', 'GZIP', 'x-gzip'])('undoes %s', async (coding) => {
    expect(await decodeBody(gzipSync(text), coding, LIMIT)).toEqual({ ok: true, bytes: text });
  });

  it('undoes zstd, in one frame and in several', async () => {
    const frame = Buffer.from(zstd.compress(text));
    expect(await decodeBody(frame, 'zstd', LIMIT)).toEqual({ ok: true, bytes: text });
    const half = text.subarray(0, 50_000);
    const frames = Buffer.concat([zstd.compress(half), zstd.compress(text.subarray(50_000))]);
    expect(await decodeBody(frames, 'zstd', LIMIT)).toEqual({ ok: true, bytes: text });
  });

  it('gives up what decodes to more than the limit, and takes what fills it', async () => {
    for (const [coding, encoded] of [
      ['identity', text],
      ['gzip', gzipSync(text)],
      ['zstd', Buffer.from(zstd.compress(text))],
    ] as const) {
      expect(await decodeBody(encoded, coding, text.length - 1)).toEqual({ ok: false, reason: 'body_too_large' });
      expect(await decodeBody(encoded, coding, text.length)).toEqual({ ok: true, bytes: text });
    }
  });

  it('gives up a bomb', async () => {
    const bomb = Buffer.alloc(50_000_000);
    expect(await decodeBody(gzipSync(bomb), 'gzip', LIMIT)).toEqual({ ok: false, reason: 'body_too_large' });
    const compressed = Buffer.from(zstd.compress(bomb));
    expect(compressed.length).toBeLessThan(100_000);
    expect(await decodeBody(compressed, 'zstd', LIMIT)).toEqual({ ok: false, reason: 'body_too_large' });
  });

  it.each(['gzip', 'zstd'])('refuses what is not %s, or only a part of it', async (coding) => {
    const whole = coding === 'gzip' ? gzipSync(text) : Buffer.from(zstd.compress(text));
    for (const bytes of [Buffer.from('{}'), whole.subarray(0, whole.length - 20), whole.subarray(1)]) {
      expect(await decodeBody(bytes, coding, LIMIT)).toEqual({ ok: false, reason: 'hook_malformed' });
    }
  });

  it.each(['br', 'deflate', 'gzip, gzip', 'gzip;q=1'])('does not know %s', async (coding) => {
    expect(isAcceptedCoding(coding)).toBe(false);
    expect(await decodeBody(text, coding, LIMIT)).toEqual({ ok: false, reason: 'unsupported_encoding' });
  });

  it.each([undefined, '', 'identity', 'gzip', 'X-GZIP', 'zstd'])('knows %s', (coding) => {
    expect(isAcceptedCoding(coding)).toBe(true);
  });
});
