import { readFileSync } from 'node:fs';

const TICK_MS = 20;
const KEPT_GAPS = 5000;

interface Gap {
  readonly from: number;
  readonly until: number;
  readonly ms: number;
}

/**
 * Measures for how long this process and some others were ready to run and had no processor: the machine is shared with
 * the load, and with whatever else it does.
 */
export class Starvation {
  #gaps: Gap[] = [];
  #last = performance.now();
  readonly #waited = new Map<number, number>();
  readonly #pids: () => readonly number[];
  readonly #timer = setInterval(() => this.#look(), TICK_MS);

  constructor(pids: () => readonly number[]) {
    this.#pids = pids;
  }

  /** The sum over this process and the one that waited most, in ms, by the monotonic clock of `performance`. */
  between(from: number, to: number): number {
    let sum = 0;
    for (const gap of this.#gaps) if (gap.until > from && gap.from < to) sum += gap.ms;
    return Math.min(sum, to - from);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    const now = performance.now();
    const own = Math.max(0, now - this.#last - TICK_MS);
    const others = this.#pids().map((pid) => {
      const waited = runQueueMs(pid);
      const before = this.#waited.get(pid) ?? waited;
      this.#waited.set(pid, waited);
      return waited - before;
    });
    const ms = own + Math.max(0, ...others);
    if (ms > TICK_MS) this.#gaps.push({ from: this.#last, until: now, ms });
    if (this.#gaps.length > 2 * KEPT_GAPS) this.#gaps = this.#gaps.slice(-KEPT_GAPS);
    this.#last = now;
  }
}

/** How long the main thread of a process has waited for a processor. Source: proc(5), /proc/[pid]/schedstat. */
function runQueueMs(pid: number): number {
  try {
    return Number(readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[1]) / 1e6;
  } catch {
    return 0;
  }
}
