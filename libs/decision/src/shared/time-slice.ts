import { setImmediate } from 'node:timers/promises';

/** How long work on many calls may hold the event loop, in ms. */
const SLICE_MS = 8;

/** Divides long synchronous work, so that timers and other hooks are served in between. */
export class TimeSlice {
  #start = performance.now();

  /** Whether the work has held the event loop long enough. */
  get isOver(): boolean {
    return performance.now() - this.#start >= SLICE_MS;
  }

  /** Lets the event loop turn. */
  async pause(): Promise<void> {
    await setImmediate();
    this.#start = performance.now();
  }
}
