import type { Readable } from 'node:stream';

/** Where a command reads and writes. Results go to `out`; progress and errors go to `err`. */
export interface CliIo {
  out(text: string): void;
  err(text: string): void;
  readonly stdin: Readable;
  /** Whether `err` is a terminal on which a line may be overwritten. */
  readonly isTerminal: boolean;
}

/** The process's own streams. */
export function processIo(): CliIo {
  return {
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    stdin: process.stdin,
    isTerminal: process.stderr.isTTY === true,
  };
}
