import type { IncomingMessage } from 'node:http';

/** A text as it was sent, or the status and the words with which it is refused. */
export type ReadBody =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly status: number; readonly detail: string };

export interface BodyLimits {
  /** Largest body, in bytes. */
  readonly maxBytes: number;
  /** Most bytes of all bodies that arrive at a time. */
  readonly maxBufferedBytes: number;
  /** Longest time until a body is complete, in ms. */
  readonly timeoutMs: number;
}

/** Reads the bodies of authenticated requests inside common limits. */
export class BodyReader {
  private buffered = 0;

  constructor(private readonly limits: BodyLimits) {}

  /** Never rejects. What exceeds a limit is discarded as it arrives. */
  read(request: IncomingMessage): Promise<ReadBody> {
    const { maxBytes, maxBufferedBytes, timeoutMs } = this.limits;
    const chunks: Buffer[] = [];
    let size = 0;
    return new Promise((resolve) => {
      const finish = (result: ReadBody) => {
        clearTimeout(timer);
        this.buffered -= size;
        request.off('data', onData).off('end', onEnd).off('close', onBroken).off('error', onBroken);
        request.on('error', () => undefined).resume();
        resolve(result);
      };
      const onData = (chunk: Buffer) => {
        size += chunk.length;
        this.buffered += chunk.length;
        if (size > maxBytes) finish(refused(413, `the body is larger than ${maxBytes} bytes (mcp.maxBodyBytes)`));
        else if (this.buffered > maxBufferedBytes)
          finish(refused(503, 'the bodies in memory reach mcp.maxBufferedBytes'));
        else chunks.push(chunk);
      };
      const onEnd = () => finish(decoded(chunks));
      const onBroken = () => finish(refused(400, 'the body is broken off'));
      const timer = setTimeout(() => finish(refused(408, 'the body does not arrive in time')), timeoutMs);
      request.on('data', onData).on('end', onEnd).on('close', onBroken).on('error', onBroken);
    });
  }
}

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function decoded(chunks: readonly Buffer[]): ReadBody {
  try {
    return { ok: true, text: UTF8.decode(chunks.length === 1 ? chunks[0] : Buffer.concat(chunks)) };
  } catch {
    return refused(400, 'the body is not UTF-8');
  }
}

function refused(status: number, detail: string): ReadBody {
  return { ok: false, status, detail };
}
