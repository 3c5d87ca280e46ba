import { Readable } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import type { Json } from '@iris/contracts';
import type { Dispatcher } from 'undici';
import { VendorError } from '../vendor-error.js';

const JSON_MEDIA_TYPE = /^application\/(json|[\w.+-]+\+json)\s*(;|$)/i;

const DECODERS = {
  gzip: createGunzip,
  'x-gzip': createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
} as const;

/** The content codings that `readJson` decodes, for `Accept-Encoding`. */
export const ACCEPTED_ENCODINGS = 'gzip, deflate, br';

/**
 * Reads a response as JSON. The media type is checked first, because a proxy's HTML page under status 200 is no
 * answer; the limit counts decoded bytes.
 *
 * @throws VendorError `bad_response` for another media type, more than `maxBytes`, or text that is no JSON
 */
export async function readJson(response: Dispatcher.ResponseData, maxBytes: number): Promise<Json> {
  const contentType = String(response.headers['content-type'] ?? '');
  if (!JSON_MEDIA_TYPE.test(contentType)) {
    throw new VendorError('bad_response', 'the answer is not JSON by its content type');
  }
  const text = await readText(response, maxBytes);
  try {
    return JSON.parse(text);
  } catch {
    throw new VendorError('bad_response', 'the answer is not valid JSON');
  }
}

async function readText(response: Dispatcher.ResponseData, maxBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of decoded(response)) {
      size += chunk.length;
      if (size > maxBytes) throw new VendorError('bad_response', `the answer is larger than ${maxBytes} bytes`);
      chunks.push(chunk);
    }
  } finally {
    // Leaving the loop early ends the decoder only; the socket would stay taken.
    response.body.on('error', () => {}).destroy();
  }
  return Buffer.concat(chunks).toString('utf8');
}

function decoded(response: Dispatcher.ResponseData): Readable {
  const coding = String(response.headers['content-encoding'] ?? 'identity')
    .trim()
    .toLowerCase();
  if (coding === 'identity' || coding === '') return response.body;
  if (!Object.hasOwn(DECODERS, coding)) throw new VendorError('bad_response', 'the answer has an unknown coding');
  const decoder = DECODERS[coding as keyof typeof DECODERS]();
  response.body.on('error', (error) => decoder.destroy(error));
  return response.body.pipe(decoder);
}
