/** Lines that are alike in one window. */
interface Repeats {
  written: number;
  suppressed: number;
  readonly startedAt: number;
  /** Writes the line once more, with how many were not written. */
  readonly write: (suppressed: number) => void;
}

/** How many lines that are alike are written in a window... */
const WRITTEN = 5;
/** ...of so many ms. */
const WINDOW_MS = 60_000;
/** Different lines that are kept count of. */
const MAX_LINES = 1000;

/**
 * Counts lines of a log that are alike in place of writing each: a dependency that is unavailable would otherwise fill the log
 * with one message. At the end of the window one line states how many were not written.
 */
export class RepeatedLines {
  private readonly lines = new Map<string, Repeats>();
  private readonly timer = setInterval(() => this.endWindows(), WINDOW_MS / 4).unref();

  /** Whether a line is to be written. @param key the same for lines that are alike */
  passes(key: string, write: (suppressed: number) => void): boolean {
    const now = performance.now();
    let line = this.lines.get(key);
    if (line !== undefined && now - line.startedAt >= WINDOW_MS) {
      this.end(key, line);
      line = undefined;
    }
    if (line === undefined) {
      line = { written: 0, suppressed: 0, startedAt: now, write };
      this.lines.set(key, line);
      this.forgetOldest();
    }
    if (line.written < WRITTEN) {
      line.written += 1;
      return true;
    }
    line.suppressed += 1;
    return false;
  }

  /** States what was not written. */
  close(): void {
    clearInterval(this.timer);
    for (const [key, line] of this.lines) this.end(key, line);
  }

  private endWindows(): void {
    const now = performance.now();
    for (const [key, line] of this.lines) if (now - line.startedAt >= WINDOW_MS) this.end(key, line);
  }

  private end(key: string, { suppressed, write }: Repeats): void {
    this.lines.delete(key);
    if (suppressed > 0) write(suppressed);
  }

  private forgetOldest(): void {
    if (this.lines.size <= MAX_LINES) return;
    for (const [key, line] of this.lines) {
      this.end(key, line);
      return;
    }
  }
}

/** What makes two lines alike: level, message and fields; of an error its message, since stacks differ. */
export function likenessOf(level: number, args: readonly unknown[]): string {
  const parts = args.map((arg) => {
    if (arg instanceof Error) return arg.message;
    if (typeof arg !== 'object' || arg === null) return String(arg);
    try {
      return JSON.stringify(arg, (_key, value) => (value instanceof Error ? value.message : value));
    } catch {
      return '';
    }
  });
  return [level, ...parts].join(' ').slice(0, MAX_KEY);
}

const MAX_KEY = 1000;
