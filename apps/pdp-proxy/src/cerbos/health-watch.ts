import { setTimeout as sleep } from 'node:timers/promises';
import type { ServerWritableStream } from '@grpc/grpc-js';
import type { GrpcReply } from '../upstream/pdp-grpc.js';

/** How often a followed health is read, in ms. */
const INTERVAL_MS = 1000;
/** How many callers may follow at once; further ones are answered once. */
const MAX_FOLLOWERS = 100;

/**
 * `grpc.health.v1.Health/Watch`: the first state at once, then each change.
 * Source: https://github.com/grpc/grpc/blob/master/doc/health-checking.md
 */
export class HealthWatch {
  private followers = 0;

  constructor(private readonly check: (request: Buffer) => Promise<GrpcReply>) {}

  async follow(call: ServerWritableStream<Buffer, Buffer>): Promise<void> {
    const gone = new AbortController();
    call.on('cancelled', () => gone.abort());
    this.followers += 1;
    try {
      let last: Buffer | undefined;
      do {
        const reply = await this.check(call.request);
        const state = reply.ok ? reply.bytes : SERVICE_UNKNOWN;
        if (last === undefined || !state.equals(last)) call.write(state);
        last = state;
        await sleep(INTERVAL_MS, undefined, { signal: gone.signal, ref: false });
      } while (!gone.signal.aborted && this.followers <= MAX_FOLLOWERS);
    } catch {
      // The caller is gone.
    } finally {
      this.followers -= 1;
      call.end();
    }
  }
}

/** `HealthCheckResponse { status: SERVICE_UNKNOWN }`. */
const SERVICE_UNKNOWN = Buffer.from([0x08, 0x03]);
