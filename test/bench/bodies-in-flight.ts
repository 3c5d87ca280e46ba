import { ADVERSE_SHAPES, type AdverseShape, PLAIN_TEXT } from './adverse-shapes.js';
import { round, type Table } from './table.js';
import { type WorstCase, withWorstCaseBench } from './worst-case.js';

const MB = 1024 * 1024;
const BODY_BYTES = 8 * MB;
const AT_ONCE = [1, 8, 32, 64];
/** Defaults of limits.maxBufferedBytes and workers.threads. */
const BUFFERED_MEGABYTES = 256;
const THREADS = 2;
/** What a worker thread needs for a body that it reads, as a multiple of its decoded bytes. */
const READING = 8;
const SLACK_MEGABYTES = 64;

const SHAPES: Readonly<Record<string, AdverseShape | undefined>> = {
  'plain text': PLAIN_TEXT,
  'many calls, each with its result': ADVERSE_SHAPES['many calls, each with its result'],
};

/**
 * Memory that large bodies take at once, in MB, by the gateway's limits: all bodies that are admitted, and 8 times the
 * body in each thread that reads one, and 64 MB.
 */
export function memoryBound(atOnce: number, bodyMegabytes: number): number {
  const admitted = Math.min(atOnce * bodyMegabytes, BUFFERED_MEGABYTES);
  return admitted + Math.min(atOnce, THREADS) * READING * bodyMegabytes + SLACK_MEGABYTES;
}

/** Resident memory of a gateway while it has bodies of 8 MB in flight. */
export async function run(): Promise<Table> {
  const measurements = await withWorstCaseBench(async (bench) => {
    const found: { readonly atOnce: number; readonly one: WorstCase }[] = [];
    for (const [name, make] of Object.entries(SHAPES)) {
      if (make === undefined) throw new Error(`there is no shape ${name}`);
      for (const atOnce of AT_ONCE) {
        const hooks = Array.from({ length: atOnce }, () => make(BODY_BYTES));
        found.push({ atOnce, one: await bench.measure(name, hooks) });
      }
    }
    return found;
  });
  const bound = (atOnce: number) => memoryBound(atOnce, BODY_BYTES / MB);
  const shares = measurements.map(({ atOnce, one }) => one.grownMegabytes / bound(atOnce));
  const missed = measurements.reduce((sum, { one }) => sum + one.innocentMissed, 0);
  return {
    title: 'Resident memory of a gateway with bodies of 8 MB in flight',
    columns: ['shape', 'bodies at once', 'grown, MB', 'bound, MB', 'share', 'replies'],
    rows: measurements.map(({ atOnce, one }, index) => [
      one.shape,
      atOnce,
      Math.round(one.grownMegabytes),
      bound(atOnce),
      round(shares[index] ?? 0),
      one.reply,
    ]),
    goals: [
      { what: 'memory growth with 8 MB bodies in flight against its bound', measured: Math.max(...shares), atMost: 1 },
      { what: 'ordinary hooks beside 8 MB bodies that missed their budget', measured: missed, atMost: 0 },
    ],
    notes: [
      `Growth over the idle gateway. Bound: the bytes of all bodies, at most ${BUFFERED_MEGABYTES} MB (\`limits.maxBufferedBytes\`), ${READING} times the body in each of ${THREADS} threads (\`workers.threads\`), and ${SLACK_MEGABYTES} MB.`,
    ],
  };
}
