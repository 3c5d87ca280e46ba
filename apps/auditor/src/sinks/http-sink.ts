import { createHmac } from 'node:crypto';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { BatchPoster } from './batch-poster.js';
import type { EvidenceBatch, EvidenceSink } from './evidence-sink.js';
import { datadog } from './http-formats/datadog.js';
import { elastic } from './http-formats/elastic.js';
import type { HttpFormat } from './http-formats/http-format.js';
import { ndjson } from './http-formats/ndjson.js';
import { splunk } from './http-formats/splunk.js';

export interface HttpSinkOptions {
  readonly url: string;
  /** Key of the signature. */
  readonly secret?: string;
  /** Value of the Authorization header. */
  readonly authorization?: string;
  /** Further headers, such as the key of an API. */
  readonly headers?: Readonly<Record<string, string>>;
  /** How the endpoint wants to have records. */
  readonly format?: HttpFormatName;
  readonly timeoutMs: number;
}

const FORMATS = { ndjson, splunk, datadog, elastic } satisfies Record<string, HttpFormat>;
export type HttpFormatName = keyof typeof FORMATS;
export const HTTP_FORMATS = Object.keys(FORMATS) as [HttpFormatName, ...HttpFormatName[]];

const compress = promisify(gzip);

/**
 * Posts each batch, gzipped, in the format of the endpoint.
 *
 * Headers: `x-iris-batch` is the id of the batch, the same when it is sent again; `x-iris-signature` is
 * `t=<epoch s>,v1=<hex>`, the HMAC-SHA256 of `<t>.<body as sent>` under the shared key, so that a receiver can refuse
 * what is forged or old.
 */
export class HttpSink implements EvidenceSink {
  readonly name = 'http';
  private readonly poster: BatchPoster;

  constructor(private readonly options: HttpSinkOptions) {
    const { url, timeoutMs, authorization } = options;
    const format: HttpFormat = FORMATS[options.format ?? 'ndjson'];
    this.poster = new BatchPoster({
      url,
      timeoutMs,
      encode: async ({ id, lines }) => {
        const body = await compress(format.bodyOf(lines));
        const headers = {
          ...options.headers,
          'content-type': format.contentType,
          'content-encoding': 'gzip',
          'x-iris-batch': id,
          ...this.signature(body),
          ...(authorization === undefined ? {} : { authorization }),
        };
        return { headers, body };
      },
      check: format.check,
    });
  }

  deliver(batch: EvidenceBatch): Promise<void> {
    return this.poster.deliver(batch);
  }

  close(): Promise<void> {
    return this.poster.close();
  }

  private signature(body: Buffer): Record<string, string> {
    const { secret } = this.options;
    if (secret === undefined) return {};
    const time = Math.floor(Date.now() / 1000);
    const digest = createHmac('sha256', secret).update(`${time}.`).update(body).digest('hex');
    return { 'x-iris-signature': `t=${time},v1=${digest}` };
  }
}
