import { createHmac } from 'node:crypto';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { BatchPoster } from './batch-poster.js';
import type { EvidenceBatch, EvidenceSink } from './evidence-sink.js';

export interface HttpSinkOptions {
  readonly url: string;
  /** Key of the signature. */
  readonly secret?: string;
  /** Value of the Authorization header. */
  readonly authorization?: string;
  readonly timeoutMs: number;
}

const compress = promisify(gzip);

/**
 * Posts each batch as gzipped JSON lines.
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
    this.poster = new BatchPoster({
      url,
      timeoutMs,
      encode: async ({ id, lines }) => {
        const body = await compress(lines.map((line) => `${line}\n`).join(''));
        const headers = {
          'content-type': 'application/x-ndjson',
          'content-encoding': 'gzip',
          'x-iris-batch': id,
          ...this.signature(body),
          ...(authorization === undefined ? {} : { authorization }),
        };
        return { headers, body };
      },
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
