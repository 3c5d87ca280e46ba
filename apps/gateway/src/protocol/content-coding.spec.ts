import { gzipSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { decodeBody, isAcceptedCoding } from './content-coding.js';

const LIMIT = { maxBodyBytes: 200_000, maxDecodedRatio: 1000 };
const text = Buffer.from(JSON.stringify({ user_message: 'grüße '.repeat(20_000) }));

describe('decodeBody', () => {
  it.each([undefined, '', 'identity', ' Identity '])('takes %s as it is', async (coding) => {
    expect(await decodeBody(text, coding, LIMIT)).toEqual({ ok: true, bytes: text });
  });

  it.each(['gzip', 'GZIP', 'x-gzip'])('undoes %s', async (coding) => {
    expect(await decodeBody(gzipSync(text), coding, LIMIT)).toEqual({ ok: true, bytes: text });
  });

  it('undoes zstd, in one frame and in several', async () => {
    const frame = zstdCompressSync(text);
    expect(await decodeBody(frame, 'zstd', LIMIT)).toEqual({ ok: true, bytes: text });
    const half = text.subarray(0, 50_000);
    const frames = Buffer.concat([zstdCompressSync(half), zstdCompressSync(text.subarray(50_000))]);
    expect(await decodeBody(frames, 'zstd', LIMIT)).toEqual({ ok: true, bytes: text });
  });

  it('gives up what decodes to more than the limit, and takes what fills it', async () => {
    for (const [coding, encoded] of [
      ['identity', text],
      ['gzip', gzipSync(text)],
      ['zstd', zstdCompressSync(text)],
    ] as const) {
      expect(await decodeBody(encoded, coding, { ...LIMIT, maxBodyBytes: text.length - 1 })).toEqual({
        ok: false,
        reason: 'body_too_large',
      });
      expect(await decodeBody(encoded, coding, { ...LIMIT, maxBodyBytes: text.length })).toEqual({
        ok: true,
        bytes: text,
      });
    }
  });

  it('gives up a bomb', async () => {
    const bomb = Buffer.alloc(50_000_000);
    expect(await decodeBody(gzipSync(bomb), 'gzip', LIMIT)).toEqual({ ok: false, reason: 'body_too_large' });
    const compressed = zstdCompressSync(bomb);
    expect(compressed.length).toBeLessThan(100_000);
    expect(await decodeBody(compressed, 'zstd', LIMIT)).toEqual({ ok: false, reason: 'body_too_large' });
  });

  it('gives up what decodes to more than the ratio, once it is more than 1 MiB', async () => {
    const limits = { maxBodyBytes: 10_000_000, maxDecodedRatio: 20 };
    const long = Buffer.alloc(5_000_000, 'x');
    for (const [coding, encode] of [
      ['gzip', gzipSync],
      ['zstd', zstdCompressSync],
    ] as const) {
      const exceeded = { ok: false, reason: 'decoded_ratio_exceeded' };
      expect(await decodeBody(encode(long), coding, limits)).toEqual(exceeded);
      expect(await decodeBody(encode(long.subarray(0, 1_000_000)), coding, limits)).toMatchObject({ ok: true });
    }
  });

  it.each([
    ['a window of 1 GiB', [0x28, 0xb5, 0x2f, 0xfd, 0x00, 0xa0, 0x01, 0x00, 0x00]],
    ['a content of 2^62 bytes', [0x28, 0xb5, 0x2f, 0xfd, 0xe0, 0, 0, 0, 0, 0, 0, 0, 0x40, 0x01, 0x00, 0x00]],
    ['a reserved block type', [0x28, 0xb5, 0x2f, 0xfd, 0x20, 0x00, 0x07, 0x00, 0x00]],
    ['a header that is broken off', [0x28, 0xb5, 0x2f, 0xfd, 0xe0]],
    ['a skippable frame that is broken off', [0x50, 0x2a, 0x4d, 0x18, 0xff, 0xff, 0xff, 0xff]],
  ])('refuses a zstd frame with %s before anything is allocated', async (_title, bytes) => {
    const refused = { ok: false, reason: 'hook_malformed' };
    expect(await decodeBody(Buffer.from(bytes), 'zstd', LIMIT)).toEqual(refused);
  });

  it('refuses many zstd frames that declare large windows', async () => {
    const frame = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x68, 0x01, 0x00, 0x00]);
    const bytes = Buffer.concat(Array(900).fill(frame));
    expect(await decodeBody(bytes, 'zstd', LIMIT)).toEqual({ ok: false, reason: 'hook_malformed' });
  });

  it('skips skippable zstd frames', async () => {
    const skippable = Buffer.from([0x50, 0x2a, 0x4d, 0x18, 0x02, 0, 0, 0, 1, 2]);
    const bytes = Buffer.concat([skippable, zstdCompressSync(text)]);
    expect(await decodeBody(bytes, 'zstd', LIMIT)).toEqual({ ok: true, bytes: text });
  });

  it.each(['gzip', 'zstd'])('refuses what is not %s, or only a part of it', async (coding) => {
    const whole = coding === 'gzip' ? gzipSync(text) : zstdCompressSync(text);
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
