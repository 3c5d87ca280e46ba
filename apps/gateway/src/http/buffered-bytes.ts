import { setGauge } from '@iris/telemetry';

/** Bodies up to this size are small, in bytes. */
const SMALL_BYTES = 262_144;

/** Share of the limit that only small bodies may use, so that large ones do not shut them out. */
const SMALL_SHARE = 1 / 8;

/** Counts the bytes of all hook bodies in memory, up to a limit. */
export class BufferedBytes {
  private used = 0;

  constructor(private readonly maxBytes: number) {}

  /** Starts the account of one body. */
  account(): BufferedBody {
    let reserved = 0;
    const change = (bytes: number) => {
      this.used += bytes;
      reserved += bytes;
      setGauge('iris.hook.buffered_bytes', this.used, {});
    };
    return {
      reserve: (bytes, expected) => {
        const isSmall = Math.max(reserved + bytes, expected) <= SMALL_BYTES;
        const limit = isSmall ? this.maxBytes : this.maxBytes * (1 - SMALL_SHARE);
        if (this.used + bytes > limit) return false;
        change(bytes);
        return true;
      },
      release: () => change(-reserved),
    };
  }
}

/** The account of one body. */
export interface BufferedBody {
  /**
   * Takes bytes before they are kept.
   *
   * @param expected size of the whole body, as far as it is known
   * @returns false when the limit is reached
   */
  reserve(bytes: number, expected: number): boolean;
  /** Gives all bytes back. */
  release(): void;
}
