import { setFlagsFromString } from 'node:v8';

/**
 * By how much the heap may grow over what was in use after the last collection, in percent, before it is collected
 * again. V8 by itself lets it grow to several times as much on a machine with free memory: a gateway that held 120 MB
 * took 510. A fixed limit (`--max-old-space-size`) would end the process at a large body; this bounds only garbage.
 */
const GROWTH_PERCENT = 30;

/** Keeps the process near the size of what it holds, worker threads included. Costs no measurable time at the gateway's pace. */
export function boundHeapGrowth(): void {
  setFlagsFromString(`--heap-growing-percent=${GROWTH_PERCENT}`);
}
