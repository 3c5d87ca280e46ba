import type { ServerResponse } from 'node:http';
import { RelayGarbage } from './relay-garbage.js';

/** Bytes that may wait for a client before notifications are left out. */
const MAX_BEHIND_BYTES = 65_536;

/** Writes a response in the pace of its client. The head is written with the first byte. */
export class PacedWriter {
  private readonly garbage = new RelayGarbage();

  constructor(
    private readonly response: ServerResponse,
    readonly status: number,
    private readonly headers: Readonly<Record<string, string>>,
  ) {}

  begin(): void {
    if (!this.response.headersSent && !this.response.destroyed)
      this.response.writeHead(this.status, { ...this.headers });
  }

  /** Sends the head now: a stream may be silent for long. */
  flushHead(): void {
    this.begin();
    if (!this.response.destroyed) this.response.flushHeaders();
  }

  /** @returns when the client can take more; at once when it is gone */
  async write(bytes: Uint8Array | string): Promise<void> {
    this.begin();
    this.garbage.passed(bytes.length);
    if (this.response.destroyed || this.response.write(bytes)) return;
    await new Promise<void>((resolve) => {
      const done = () => {
        this.response.off('drain', done).off('close', done);
        resolve();
      };
      this.response.on('drain', done).on('close', done);
    });
  }

  /** Whether the client is far behind with reading. */
  get isBehind(): boolean {
    return this.response.writableLength > MAX_BEHIND_BYTES;
  }

  end(bytes: Uint8Array | string = ''): void {
    if (this.response.headersSent || this.response.destroyed) {
      this.response.end(bytes);
      return;
    }
    const length = Buffer.byteLength(bytes);
    const headers = this.status === 204 ? this.headers : { ...this.headers, 'content-length': String(length) };
    this.response.writeHead(this.status, headers);
    // Node writes a head and a text with one system call, and a head and bytes with two; this text has the same bytes.
    if (typeof bytes === 'string') this.response.end(bytes);
    else this.response.end(Buffer.from(bytes.buffer, bytes.byteOffset, length).toString('latin1'), 'latin1');
  }
}
