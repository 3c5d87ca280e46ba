import { appendFileSync, readFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';

/**
 * Preloaded into a process that is measured. Each SIGUSR2 appends one line: for how long the event loop was held since
 * the last line, and the longest delay, both in ms.
 *
 * The event loop is held for the CPU time that the main thread uses between two turns. Unlike the delay it does not grow
 * when other processes have the CPU.
 */
const file = process.env.BENCH_EVENT_LOOP_FILE ?? '';
const SAMPLE_MS = 5;
/** A turn that is later than this is looked at, in ms. */
const LATE_MS = 10;

const histogram = monitorEventLoopDelay({ resolution: SAMPLE_MS });
histogram.enable();

let heldMs = 0;
let turnedAt = performance.now();
let usedMs = mainThreadMs();

setInterval(() => {
  const [now, used] = [performance.now(), mainThreadMs()];
  if (now - turnedAt > LATE_MS) heldMs = Math.max(heldMs, used - usedMs);
  [turnedAt, usedMs] = [now, used];
}, SAMPLE_MS).unref();

process.on('SIGUSR2', () => {
  appendFileSync(file, `${round(heldMs)} ${round(histogram.max / 1e6)}\n`);
  histogram.reset();
  heldMs = 0;
});

/** CPU time of the main thread, in ms. Source: proc(5), /proc/[pid]/task/[tid]/schedstat. */
function mainThreadMs(): number {
  const text = readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'utf8');
  return Number(text.split(' ', 1)[0]) / 1e6;
}

function round(ms: number): number {
  return Math.round(ms * 100) / 100;
}
