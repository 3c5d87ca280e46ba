/** The clock that all facts of the sandbox follow: real time plus an offset that a test may set. Times are ms. */
export class SandboxClock {
  #offsetMs = 0;

  /** Ms since the epoch. */
  now(): number {
    return Date.now() + this.#offsetMs;
  }

  get offsetMs(): number {
    return this.#offsetMs;
  }

  setOffset(offsetMs: number): void {
    this.#offsetMs = offsetMs;
  }

  advance(byMs: number): void {
    this.#offsetMs += byMs;
  }
}
