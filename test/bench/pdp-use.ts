import { readFile } from 'node:fs/promises';
import { processorMs } from './process-cost.js';

/** Processor time that a PDP has used so far, and its parts, in ms. */
export interface PdpUse {
  readonly total: number;
  /** In the kernel: mostly its sockets. */
  readonly kernel: number;
  /** Garbage collection, without what it does while a core is idle. */
  readonly collection: number;
}

/** Ticks of the times in /proc/[pid]/stat. Source: proc(5), sysconf(_SC_CLK_TCK), 100 on every Linux that Node supports. */
const MS_PER_TICK = 10;
const SYSTEM_TIME = 15;
/** Parts of the collector that take time from others. Source: Go, runtime/metrics. */
const COLLECTION = ['mark_assist', 'mark_dedicated', 'pause'].map(
  (part) => `go_cpu_classes_gc_${part}_cpu_seconds_total`,
);

/** Reads what a PDP has used. @throws Error when its metrics lack the collector's times */
export async function pdpUse({ pid, httpUrl }: { readonly pid: number; readonly httpUrl: string }): Promise<PdpUse> {
  const metrics = await (await fetch(`${httpUrl}/_cerbos/metrics`)).text();
  const seconds = COLLECTION.map((name) =>
    Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(metrics)?.[1] ?? Number.NaN),
  );
  const collection = seconds.reduce((sum, value) => sum + value, 0) * 1000;
  if (Number.isNaN(collection)) throw new Error(`the PDP's metrics lack ${COLLECTION.join(' or ')}`);
  return { total: await processorMs(pid), kernel: await systemMs(pid), collection };
}

async function systemMs(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8');
  // The name of the program, in parentheses, may hold spaces.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return Number(fields[SYSTEM_TIME - 3]) * MS_PER_TICK;
}
