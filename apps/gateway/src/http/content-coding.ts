import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import type { ReasonId } from '@iris/contracts';
import { Decompress } from 'fzstd';

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
      readonly reason: Extract<ReasonId, 'body_too_large' | 'hook_malformed' | 'unsupported_encoding'>;
    };

/**
 * Undoes the content coding of a body. Codings in several layers are not accepted. Never throws.
 *
 * @param maxBytes largest decoded size; decoding stops there, so a small body cannot fill the memory
 */
export async function decodeBody(bytes: Buffer, coding: string | undefined, maxBytes: number): Promise<DecodedBody> {
  switch (coding?.trim().toLowerCase() ?? '') {
    case '':
    case 'identity':
      return bytes.length > maxBytes ? { ok: false, reason: 'body_too_large' } : { ok: true, bytes };
    case 'gzip':
    case 'x-gzip':
      try {
        return { ok: true, bytes: await gunzipAsync(bytes, { maxOutputLength: maxBytes }) };
      } catch (error) {
        const tooLarge = (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE';
        return { ok: false, reason: tooLarge ? 'body_too_large' : 'hook_malformed' };
      }
    case 'zstd':
      return decodeZstd(bytes, maxBytes);
    default:
      return { ok: false, reason: 'unsupported_encoding' };
  }
}

class TooLarge extends Error {}

function decodeZstd(bytes: Buffer, maxBytes: number): DecodedBody {
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
    return { ok: false, reason: error instanceof TooLarge ? 'body_too_large' : 'hook_malformed' };
  }
  return { ok: true, bytes: Buffer.concat(chunks) };
}
