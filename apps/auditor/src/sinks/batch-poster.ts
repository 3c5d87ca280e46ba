import { outboundAgent } from '@iris/config';
import { ExponentialBackoff, handleWhen, type IPolicy, retry } from 'cockatiel';
import { request } from 'undici';
import { type EvidenceBatch, RefusedError } from './evidence-sink.js';

/** What is posted for some records. */
export interface BatchRequest {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

export interface BatchReply {
  readonly statusCode: number;
  /** Without parameters, in lower case; empty when there is none. */
  readonly contentType: string;
  readonly body: Buffer;
}

export interface BatchPosterOptions {
  readonly url: string;
  /** Limit of one request, from the connection to the last byte of the reply, in ms. */
  readonly timeoutMs: number;
  /** Makes the request of a batch; called again for each half of one that is too large. */
  encode(batch: EvidenceBatch): Promise<BatchRequest>;
  /** Reads the reply of a status from 200 to 299. @throws RefusedError or Error when it does not confirm the batch */
  check?(reply: BatchReply, batch: EvidenceBatch): void;
}

/** Tried again here at once; the queue tries again later, with longer pauses. */
const QUICK_RETRIES = 2;
const FIRST_PAUSE_MS = 200;
const MAX_PAUSE_MS = 2000;
/** Longest reply that is read, in bytes. The reply to a batch is a few hundred bytes. */
const MAX_REPLY_BYTES = 256 * 1024;

/** Statuses that speak about the records themselves. Others, a wrong credential too, may pass. */
const REFUSALS: ReadonlySet<number> = new Set([400, 422]);
const TOO_LARGE = 413;
/** The server closed while the body was being written: its 413 may be lost on the way (RFC 9112, 9.6). */
const CLOSED: ReadonlySet<unknown> = new Set(['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE']);

class TooLargeError extends Error {}
class ClosedError extends Error {}

/**
 * Posts batches to an HTTP endpoint. A batch that is too large is halved, down to single records; so is one during
 * which the endpoint closes each connection. The first half that fails ends the delivery, so an endpoint that closes
 * every connection gets one request per level and not one per record.
 */
export class BatchPoster {
  private readonly agent = outboundAgent();
  private readonly policy: IPolicy = retry(
    handleWhen((error) => !(error instanceof RefusedError || error instanceof TooLargeError)),
    {
      maxAttempts: QUICK_RETRIES,
      backoff: new ExponentialBackoff({ initialDelay: FIRST_PAUSE_MS, maxDelay: MAX_PAUSE_MS }),
    },
  );

  constructor(private readonly options: BatchPosterOptions) {}

  /**
   * Resolves when the endpoint has confirmed every record.
   *
   * @throws RefusedError when some records are refused for good and all others are delivered; Error when the delivery
   *   may succeed later
   */
  async deliver(batch: EvidenceBatch): Promise<void> {
    try {
      const encoded = await this.options.encode(batch);
      await this.policy.execute(() => this.post(batch, encoded));
    } catch (error) {
      const isTooLarge = error instanceof TooLargeError;
      if (!isTooLarge && !(error instanceof ClosedError)) throw error;
      if (batch.lines.length > 1) return this.deliverHalves(batch);
      if (isTooLarge) throw new RefusedError('a single record is too large for the endpoint');
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.agent.destroy();
  }

  /** A refused half does not keep the other one from being delivered. */
  private async deliverHalves({ id, lines }: EvidenceBatch): Promise<void> {
    const middle = Math.ceil(lines.length / 2);
    const halves = [
      { id: `${id}-a`, lines: lines.slice(0, middle) },
      { id: `${id}-b`, lines: lines.slice(middle) },
    ];
    let refused: RefusedError | undefined;
    for (const half of halves) {
      try {
        await this.deliver(half);
      } catch (error) {
        if (!(error instanceof RefusedError)) throw error;
        refused ??= error;
      }
    }
    if (refused !== undefined) throw refused;
  }

  private async post(batch: EvidenceBatch, { headers, body }: BatchRequest): Promise<void> {
    const { url, timeoutMs, check } = this.options;
    const reply = await this.exchange(url, headers, body, timeoutMs);
    const { statusCode } = reply;
    if (statusCode >= 200 && statusCode < 300) return check?.(reply, batch);
    if (statusCode === TOO_LARGE) throw new TooLargeError();
    // The endpoint's own words may quote the records, so only the status is kept.
    if (REFUSALS.has(statusCode)) throw new RefusedError(`the endpoint answered ${statusCode}`);
    throw new Error(`the endpoint answered ${statusCode}`);
  }

  private async exchange(
    url: string,
    headers: Readonly<Record<string, string>>,
    body: Uint8Array,
    timeoutMs: number,
  ): Promise<BatchReply> {
    try {
      const response = await request(url, {
        method: 'POST',
        dispatcher: this.agent,
        headers: { ...headers },
        body,
        signal: AbortSignal.timeout(timeoutMs),
      });
      const [contentType = ''] = String(response.headers['content-type'] ?? '').split(';');
      return {
        statusCode: response.statusCode,
        contentType: contentType.trim().toLowerCase(),
        body: await readReply(response.body),
      };
    } catch (error) {
      if (error instanceof ReplyTooLongError) throw new Error(error.message);
      const { code, name } = error as { code?: unknown; name?: string };
      if (CLOSED.has(code)) throw new ClosedError('the endpoint closed the connection');
      throw new Error(
        name === 'TimeoutError' ? `the endpoint did not answer in ${timeoutMs} ms` : 'the endpoint cannot be reached',
      );
    }
  }
}

class ReplyTooLongError extends Error {}

async function readReply(body: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > MAX_REPLY_BYTES)
      throw new ReplyTooLongError(`the endpoint answered more than ${MAX_REPLY_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
