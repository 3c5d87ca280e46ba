import { createHmac } from 'node:crypto';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { ExponentialBackoff, handleWhen, type IPolicy, retry } from 'cockatiel';
import { Agent, request } from 'undici';
import { type EvidenceBatch, type EvidenceSink, RefusedError } from './evidence-sink.js';

export interface HttpSinkOptions {
  readonly url: string;
  /** Key of the signature. */
  readonly secret?: string;
  /** Value of the Authorization header. */
  readonly authorization?: string;
  readonly timeoutMs: number;
}

const compress = promisify(gzip);

/** Tried again here at once; the queue tries again later, with longer pauses. */
const QUICK_RETRIES = 2;
const FIRST_PAUSE_MS = 200;
const MAX_PAUSE_MS = 2000;

/** Statuses that speak about the records themselves. Others, a wrong credential too, may pass. */
const REFUSALS: ReadonlySet<number> = new Set([400, 422]);
const TOO_LARGE = 413;

class TooLargeError extends Error {}

/**
 * Posts each batch as gzipped JSON lines.
 *
 * Headers: `x-iris-batch` is the id of the batch, the same when it is sent again; `x-iris-signature` is
 * `t=<epoch s>,v1=<hex>`, the HMAC-SHA256 of `<t>.<body as sent>` under the shared key, so that a receiver can refuse
 * what is forged or old. A batch that is too large for the endpoint is halved.
 */
export class HttpSink implements EvidenceSink {
  readonly name = 'http';
  private readonly agent = new Agent();
  private readonly policy: IPolicy = retry(
    handleWhen((error) => !(error instanceof RefusedError || error instanceof TooLargeError)),
    {
      maxAttempts: QUICK_RETRIES,
      backoff: new ExponentialBackoff({ initialDelay: FIRST_PAUSE_MS, maxDelay: MAX_PAUSE_MS }),
    },
  );

  constructor(private readonly options: HttpSinkOptions) {}

  async deliver(batch: EvidenceBatch): Promise<void> {
    try {
      const body = await compress(batch.lines.map((line) => `${line}\n`).join(''));
      await this.policy.execute(() => this.post(batch.id, body));
    } catch (error) {
      if (!(error instanceof TooLargeError)) throw error;
      if (batch.lines.length < 2) throw new RefusedError('a single record is too large for the endpoint');
      const middle = Math.ceil(batch.lines.length / 2);
      await this.deliver({ id: `${batch.id}-a`, lines: batch.lines.slice(0, middle) });
      await this.deliver({ id: `${batch.id}-b`, lines: batch.lines.slice(middle) });
    }
  }

  async close(): Promise<void> {
    await this.agent.close();
  }

  private async post(id: string, body: Buffer): Promise<void> {
    const { url, authorization, timeoutMs } = this.options;
    const { statusCode, body: reply } = await request(url, {
      method: 'POST',
      dispatcher: this.agent,
      headers: {
        'content-type': 'application/x-ndjson',
        'content-encoding': 'gzip',
        'x-iris-batch': id,
        ...this.signature(body),
        ...(authorization === undefined ? {} : { authorization }),
      },
      body,
      signal: AbortSignal.timeout(timeoutMs),
    });
    await reply.dump();
    if (statusCode >= 200 && statusCode < 300) return;
    if (statusCode === TOO_LARGE) throw new TooLargeError();
    // The endpoint's own words may quote the records, so only the status is kept.
    if (REFUSALS.has(statusCode)) throw new RefusedError(`the endpoint answered ${statusCode}`);
    throw new Error(`the endpoint answered ${statusCode}`);
  }

  private signature(body: Buffer): Record<string, string> {
    const { secret } = this.options;
    if (secret === undefined) return {};
    const time = Math.floor(Date.now() / 1000);
    const digest = createHmac('sha256', secret).update(`${time}.`).update(body).digest('hex');
    return { 'x-iris-signature': `t=${time},v1=${digest}` };
  }
}
