/**
 * Loaded before a process's own code: shifts what Date reports by as many ms as the file CLOCK_SHIFT_FILE states, from then
 * on. Timers and performance.now() continue, as on a machine whose wall clock is set. Redis and the other processes keep
 * the true time.
 */
import { readFileSync } from 'node:fs';

const READ_MS = 50;
const RealDate = Date;
let shiftMs = 0;

globalThis.Date = class extends RealDate {
  constructor(...args) {
    if (args.length === 0) super(RealDate.now() + shiftMs);
    else super(...args);
  }
  static now() {
    return RealDate.now() + shiftMs;
  }
};

setInterval(() => {
  try {
    shiftMs = Number(readFileSync(process.env.CLOCK_SHIFT_FILE, 'utf8')) || 0;
  } catch {
    shiftMs = 0;
  }
}, READ_MS).unref();
