import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import type { ReasonId } from '@iris/contracts';
import { Decompress } from 'fzstd';
import { zstdFitsMemory } from './zstd-frames.js';

const gunzipAsync = promisify(gunzip);

/** The content codings that a hook may have, for the `Accept-Encoding` of a 415 (RFC 9110, section 15.5.16). */
export const ACCEPTED_CODINGS = 'gzip, zstd, identity';

const CODINGS: ReadonlySet<string> = new Set(['', 'identity', 'gzip', 'x-gzip', 'zstd']);

/** Whether `decodeBody` can undo a coding. */
export function isAcceptedCoding(coding: string | undefined): boolean {
  return CODINGS.has(coding?.trim().toLowerCase() ?? '');
}

export type DecodedBody =
  | { readonly ok: true; readonly bytes: Buffer }
  | {
      readonly ok: false;
      readonly reason: Extract<
        ReasonId,
        'body_too_large' | 'decoded_ratio_exceeded' | 'hook_malformed' | 'unsupported_encoding'
      >;
    };

export interface DecodeLimits {
  /** Maximum decoded size in bytes; decoding stops there, so a small body cannot fill the memory. */
  readonly maxBodyBytes: number;
  /** Maximum decoded size divided by the encoded size. */
  readonly maxDecodedRatio: number;
}

/** Up to this decoded size in bytes the ratio does not matter: short repetitive bodies compress well. */
const RATIO_EXEMPT_BYTES = 1_048_576;

/** Pieces in which gzip is decoded, in bytes: each is a turn of the event loop. */
const GUNZIP_CHUNK_BYTES = 65_536;

/** Undoes the content coding of a body. Codings in several layers are not accepted. Never throws. */
export async function decodeBody(
  bytes: Buffer,
  coding: string | undefined,
  limits: DecodeLimits,
): Promise<DecodedBody> {
  const { maxBodyBytes } = limits;
  const allowed = Math.min(maxBodyBytes, Math.max(RATIO_EXEMPT_BYTES, bytes.length * limits.maxDecodedRatio));
  const exceeded = { ok: false, reason: allowed < maxBodyBytes ? 'decoded_ratio_exceeded' : 'body_too_large' } as const;
  switch (coding?.trim().toLowerCase() ?? '') {
    case '':
    case 'identity':
      return bytes.length > maxBodyBytes ? { ok: false, reason: 'body_too_large' } : { ok: true, bytes };
    case 'gzip':
    case 'x-gzip':
      try {
        const options = { maxOutputLength: allowed, chunkSize: GUNZIP_CHUNK_BYTES };
        return { ok: true, bytes: await gunzipAsync(bytes, options) };
      } catch (error) {
        const tooLarge = (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE';
        return tooLarge ? exceeded : { ok: false, reason: 'hook_malformed' };
      }
    case 'zstd': {
      // The decoder allocates the window that a frame declares, so it is checked before the decoder sees the frame.
      if (!zstdFitsMemory(bytes)) return { ok: false, reason: 'hook_malformed' };
      return decodeZstd(bytes, allowed) ?? exceeded;
    }
    default:
      return { ok: false, reason: 'unsupported_encoding' };
  }
}

class TooLarge extends Error {}

/** Undefined when it decodes to more than the limit. */
function decodeZstd(bytes: Buffer, maxBytes: number): DecodedBody | undefined {
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    const stream = new Decompress((chunk) => {
      size += chunk.length;
      if (size > maxBytes) throw new TooLarge();
      // The decoder reuses its window, so a chunk must be copied before the next one comes.
      chunks.push(chunk.slice());
    });
    // In pieces, so that a frame that decodes to far more than the limit is given up early.
    for (let at = 0; at < bytes.length; at += 65_536) {
      stream.push(bytes.subarray(at, at + 65_536), at + 65_536 >= bytes.length);
    }
  } catch (error) {
    return error instanceof TooLarge ? undefined : { ok: false, reason: 'hook_malformed' };
  }
  return { ok: true, bytes: Buffer.concat(chunks) };
}
