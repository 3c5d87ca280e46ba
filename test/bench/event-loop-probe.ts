import { appendFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';

// Preloaded into a process that is measured. Each SIGUSR2 appends the longest delay since the last one, in ms.
const file = process.env.BENCH_EVENT_LOOP_FILE ?? '';
const histogram = monitorEventLoopDelay({ resolution: 5 });
histogram.enable();

process.on('SIGUSR2', () => {
  appendFileSync(file, `${Math.round(histogram.max / 1e4) / 100}\n`);
  histogram.reset();
});
