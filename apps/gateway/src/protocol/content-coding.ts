import { promisify } from 'node:util';
import { gunzip, zstdDecompress } from 'node:zlib';
import type { ReasonId } from '@iris/contracts';
import { zstdFitsMemory } from './zstd-frames.js';

const gunzipAsync = promisify(gunzip);
const zstdDecompressAsync = promisify(zstdDecompress);

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

/** Pieces in which a body is decoded, in bytes: each is a turn of the event loop. */
const DECODED_CHUNK_BYTES = 65_536;

/** Undoes the content coding of a body. Codings in several layers are not accepted. Never throws. */
export async function decodeBody(
  bytes: Buffer,
  coding: string | undefined,
  limits: DecodeLimits,
): Promise<DecodedBody> {
  const { maxBodyBytes } = limits;
  const allowed = Math.min(maxBodyBytes, Math.max(RATIO_EXEMPT_BYTES, bytes.length * limits.maxDecodedRatio));
  const exceeded = { ok: false, reason: allowed < maxBodyBytes ? 'decoded_ratio_exceeded' : 'body_too_large' } as const;
  const sizes = { maxOutputLength: allowed, chunkSize: DECODED_CHUNK_BYTES };
  let decode: (bytes: Buffer, options: typeof sizes) => Promise<Buffer> = gunzipAsync;
  switch (coding?.trim().toLowerCase() ?? '') {
    case '':
    case 'identity':
      return bytes.length > maxBodyBytes ? { ok: false, reason: 'body_too_large' } : { ok: true, bytes };
    case 'gzip':
    case 'x-gzip':
      break;
    case 'zstd':
      decode = zstdDecompressAsync;
      // The decoder allocates the window that a frame declares, so it is checked before the decoder sees the frame.
      if (!zstdFitsMemory(bytes)) return { ok: false, reason: 'hook_malformed' };
      break;
    default:
      return { ok: false, reason: 'unsupported_encoding' };
  }
  try {
    return { ok: true, bytes: await decode(bytes, sizes) };
  } catch (error) {
    const tooLarge = (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE';
    return tooLarge ? exceeded : { ok: false, reason: 'hook_malformed' };
  }
}
