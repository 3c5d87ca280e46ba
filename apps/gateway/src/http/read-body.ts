import type { IncomingMessage } from 'node:http';
import type { ReasonId } from '@iris/contracts';
import type { BufferedBody } from './buffered-bytes.js';

/** A body as it was sent, or why it is not read. */
export type ReadBody =
  | { readonly ok: true; readonly bytes: Buffer }
  | {
      readonly ok: false;
      readonly reason: Extract<ReasonId, 'body_too_large' | 'gateway_busy' | 'hook_malformed' | 'budget_exhausted'>;
      readonly detail: string;
    };

export interface ReadBodyOptions {
  readonly maxBytes: number;
  /** After this many ms the rest of the body is not waited for. */
  readonly timeoutMs: number;
  /** Gives its bytes back when the caller is done with the body. */
  readonly account: BufferedBody;
}

/**
 * Reads the body of a request whose key is accepted. A body that declares or reaches more than the limits is refused at
 * once; the rest is discarded as it arrives and never kept. Never rejects.
 */
export function readBody(request: IncomingMessage, options: ReadBodyOptions): Promise<ReadBody> {
  const { maxBytes, timeoutMs, account } = options;
  const declared = Number(request.headers['content-length'] ?? 0);
  return new Promise((resolve) => {
    const received = new Received(declared <= maxBytes ? declared : 0);
    const finish = (result: ReadBody) => {
      clearTimeout(timer);
      request.off('data', onData).off('end', onEnd).off('close', onBroken).off('error', onBroken);
      // What still arrives is discarded, so that the connection can be used again; an error after this is nobody's.
      request.on('error', () => undefined).resume();
      resolve(result);
    };
    const onData = (chunk: Buffer) => {
      if (received.size + chunk.length > maxBytes) finish(tooLarge(maxBytes));
      else if (!account.reserve(chunk.length, declared)) finish(BUSY);
      else received.add(chunk);
    };
    const onEnd = () => finish({ ok: true, bytes: received.whole() });
    const onBroken = () => finish(BROKEN_OFF);
    const timer = setTimeout(() => finish(LATE), timeoutMs);
    request.on('data', onData).on('end', onEnd).on('close', onBroken).on('error', onBroken);
    if (declared > maxBytes) finish(tooLarge(maxBytes));
  });
}

/** From this declared size on the parts are put together as they arrive: at the end that would take the event loop long. */
const ASSEMBLED_BYTES = 1_048_576;

/** The parts of a body. Memory that is allocated and not written yet takes no room. */
class Received {
  size = 0;
  private readonly chunks: Buffer[] = [];
  private readonly assembled: Buffer | undefined;

  constructor(declared: number) {
    this.assembled = declared >= ASSEMBLED_BYTES ? Buffer.allocUnsafe(declared) : undefined;
  }

  add(chunk: Buffer): void {
    if (this.assembled === undefined) this.chunks.push(chunk);
    else chunk.copy(this.assembled, this.size);
    this.size += chunk.length;
  }

  whole(): Buffer {
    if (this.assembled !== undefined) return this.assembled.subarray(0, this.size);
    const [first] = this.chunks;
    return this.chunks.length === 1 && first !== undefined ? first : Buffer.concat(this.chunks);
  }
}

function tooLarge(maxBytes: number): ReadBody {
  return {
    ok: false,
    reason: 'body_too_large',
    detail: `the body is larger than ${maxBytes} bytes (hook.maxBodyBytes)`,
  };
}

const BUSY: ReadBody = {
  ok: false,
  reason: 'gateway_busy',
  detail: 'the hook bodies in memory reach limits.maxBufferedBytes; try again',
};

const BROKEN_OFF: ReadBody = { ok: false, reason: 'hook_malformed', detail: 'the body is broken off' };

const LATE: ReadBody = { ok: false, reason: 'budget_exhausted', detail: 'the body does not arrive within the budget' };
