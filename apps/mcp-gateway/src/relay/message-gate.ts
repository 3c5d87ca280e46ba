import { UpstreamError } from '../upstreams/upstream.js';
import { MessageScanner } from './message-scanner.js';

/** A message up to this size is read as a whole, in bytes. */
const WHOLE_BYTES = 65_536;

/** Keys of a result that is judged or edited: a listing of tools, a handshake, a question to the client. */
const JUDGED_KEYS: ReadonlySet<string> = new Set(['tools', 'capabilities', 'inputRequests', 'requestState']);

/** The key of a result that states for whom it may be cached. */
const CACHE_KEY = 'cacheScope';

/** A message that was not passed on yet. */
export interface HeldMessage {
  readonly bytes: Buffer;
  /** False for a result that holds nothing to judge or edit. */
  readonly mustRead: boolean;
}

/**
 * Holds the beginning of a message of a server until it is clear whether it must be read as a whole. A large result is
 * passed on as it arrives; a request or a listing never is.
 */
export class MessageGate {
  private readonly scanner = new MessageScanner(
    (depth, key, parent) => this.noteKey(depth, key, parent),
    CACHE_KEY,
    (value, parent) => {
      // What one person may read is no other's.
      if (parent === 'result' && value !== 'private') this.mustReadWhole();
    },
  );
  private held: Uint8Array[] = [];
  private heldBytes = 0;
  private isResponse = false;
  private mustRead = false;
  private released = false;

  /** @param maxBytes largest message that is read as a whole */
  constructor(private readonly maxBytes: number) {}

  /**
   * @returns whether the message is passed on as it arrives: from then on the caller passes on all it holds
   * @throws UpstreamError when the message cannot be passed on
   */
  write(bytes: Uint8Array): boolean {
    this.scanner.write(bytes);
    if (this.released) return true;
    this.held.push(bytes);
    this.heldBytes += bytes.length;
    if (this.heldBytes > WHOLE_BYTES && this.isResponse && !this.mustRead) {
      this.released = true;
      this.held = [];
      return true;
    }
    if (this.heldBytes > this.maxBytes) throw new UpstreamError('a message of the server exceeds mcp.maxReadBytes');
    return false;
  }

  /**
   * The whole message; undefined for one that was passed on as it arrived.
   *
   * @throws UpstreamError when the message is broken off
   */
  end(): HeldMessage | undefined {
    if (!this.scanner.isComplete) throw new UpstreamError('a message of the server is broken off');
    if (this.released) return undefined;
    return { bytes: Buffer.concat(this.held), mustRead: this.mustRead || !this.isResponse };
  }

  private noteKey(depth: 1 | 2, key: string, parent: string): void {
    if (depth === 1) {
      if (key === 'result' || key === 'error') this.isResponse = true;
      else if (key === 'method' || key === 'params') this.mustReadWhole();
    } else if (parent === 'result' && JUDGED_KEYS.has(key)) this.mustReadWhole();
  }

  private mustReadWhole(): void {
    if (this.released) throw new UpstreamError('a large message of the server is more than a result');
    this.mustRead = true;
  }
}
