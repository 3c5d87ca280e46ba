import Table from 'cli-table3';
import type { CliIo } from './io.js';

/** How often progress is shown, in ms: on a terminal, and elsewhere. */
const SHOW_TERMINAL_MS = 200;
const SHOW_ELSEWHERE_MS = 10_000;

/** Prints a value as JSON. */
export function printJson(io: CliIo, value: unknown): void {
  io.out(`${JSON.stringify(value, null, 2)}\n`);
}

/** Prints rows below a head; nothing but a note when there are none. */
export function printTable(io: CliIo, head: readonly string[], rows: readonly (readonly (string | number)[])[]): void {
  if (rows.length === 0) {
    io.out('  none\n');
    return;
  }
  const table = new Table({ head: [...head], style: { head: [], border: [] } });
  for (const row of rows) table.push(row.map((cell) => printable(String(cell))));
  io.out(`${table.toString()}\n`);
}

/** Text from elsewhere must not command the terminal. */
export function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is replaced.
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, ' ');
}

/** Prints progress of long work on `err`. */
export class Progress {
  private shownAt = Date.now();
  private readonly startedAt = Date.now();

  constructor(
    private readonly io: CliIo,
    private readonly what: string,
  ) {}

  /** @param done how many so far */
  update(done: number): void {
    const now = Date.now();
    if (now - this.shownAt < (this.io.isTerminal ? SHOW_TERMINAL_MS : SHOW_ELSEWHERE_MS)) return;
    this.shownAt = now;
    const perSecond = Math.round((done * 1000) / Math.max(1, now - this.startedAt));
    const line = `${done.toLocaleString('en')} ${this.what}, ${perSecond.toLocaleString('en')}/s`;
    this.io.err(this.io.isTerminal ? `\r${line}\u001b[K` : `${line}\n`);
  }

  end(): void {
    if (this.io.isTerminal) this.io.err('\r\u001b[K');
  }
}
