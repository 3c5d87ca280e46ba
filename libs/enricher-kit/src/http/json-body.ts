import { Readable } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import type { Json } from '@iris/contracts';
import type { Dispatcher } from 'undici';
import { VendorError } from '../vendor-error.js';
import { RowSplitter } from './row-splitter.js';

const JSON_MEDIA_TYPE = /^application\/(json|[\w.+-]+\+json)\s*(;|$)/i;

const DECODERS = {
  gzip: createGunzip,
  'x-gzip': createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
} as const;

/** The content codings that `readJson` decodes, for `Accept-Encoding`. */
export const ACCEPTED_ENCODINGS = 'gzip, deflate, br';

/** A list of an answer that is read row by row, as it arrives. */
export interface RowReading {
  /** Name of the list at the top level of the answer. */
  readonly list: string;
  /** Called with each row. Rows count only when the whole answer was read without an error. */
  readonly onRow: (row: unknown) => void;
}

/**
 * Reads a response as JSON, and with `rows` each row of a list as it arrives; the answer then has an empty list. The media type is checked first, because a proxy's HTML page under status 200 is no
 * answer; the limit counts decoded bytes.
 *
 * @throws VendorError `bad_response` for another media type, more than `maxBytes`, or text that is no JSON
 */
export async function readJson(response: Dispatcher.ResponseData, maxBytes: number, rows?: RowReading): Promise<Json> {
  const contentType = String(response.headers['content-type'] ?? '');
  if (!JSON_MEDIA_TYPE.test(contentType)) {
    throw new VendorError('bad_response', 'the answer is not JSON by its content type');
  }
  const reading = rows === undefined ? new WholeText() : new RowSplitter(rows.list, rows.onRow);
  try {
    await readChunks(response, maxBytes, (chunk) => reading.write(chunk));
    return reading.end() as Json;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new VendorError('bad_response', 'the answer is not valid JSON');
  }
}

/** A text that is read when it is complete. */
class WholeText {
  readonly #chunks: Buffer[] = [];

  write(chunk: Buffer): void {
    this.#chunks.push(chunk);
  }

  end(): unknown {
    return JSON.parse(Buffer.concat(this.#chunks).toString('utf8'));
  }
}

async function readChunks(
  response: Dispatcher.ResponseData,
  maxBytes: number,
  onChunk: (chunk: Buffer) => void,
): Promise<void> {
  let size = 0;
  try {
    for await (const chunk of decoded(response)) {
      size += chunk.length;
      if (size > maxBytes) throw new VendorError('bad_response', `the answer is larger than ${maxBytes} bytes`);
      onChunk(chunk);
    }
  } finally {
    // Leaving the loop early ends the decoder only; the socket would stay taken.
    response.body.on('error', () => {}).destroy();
  }
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
