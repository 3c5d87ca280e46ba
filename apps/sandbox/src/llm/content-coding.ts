import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import { ProviderError } from './provider-error.js';

/** Undoes a request's Content-Encoding (gzip, zstd, none). Throws ProviderError: 415 unknown coding, 400 broken, 413 too large. */
export function decodedBody(bytes: Buffer, coding: string, maxBytes: number): Buffer {
  let decoded = bytes;
  try {
    if (coding === 'gzip') decoded = gunzipSync(bytes, { maxOutputLength: maxBytes });
    else if (coding === 'zstd') decoded = zstdDecompressSync(bytes, { maxOutputLength: maxBytes });
    else if (coding !== '' && coding !== 'identity')
      throw new ProviderError(415, `Unsupported content encoding: ${coding}`);
  } catch (error) {
    if (error instanceof ProviderError) throw error;
    if (typeof error === 'object' && error !== null && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE')
      throw new ProviderError(413, 'Request exceeds the maximum size');
    throw new ProviderError(400, `The request body is not valid ${coding}.`);
  }
  if (decoded.length > maxBytes) throw new ProviderError(413, 'Request exceeds the maximum size');
  return decoded;
}
