import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type ChaosMesh, startChaosMesh } from './matrix/chaos-mesh.js';
import { type FaultCell, runCell } from './matrix/fault-cell.js';
import type { ProxyMode } from './matrix/fault-proxy.js';
import { type FaultRow, rowOf, tellRows } from './matrix/fault-table.js';
import { growth, memoryOf } from './matrix/still-running.js';

/** Evidence waits on disk and in Redis, in MB. */
const MOST_GROWTH_MB = 150;

let chaos: ChaosMesh;
const rows: FaultRow[] = [];

beforeAll(async () => {
  chaos = await startChaosMesh();
}, 180_000);

afterAll(async () => {
  tellRows('Sink', rows, 'The HTTP endpoint that the auditor delivers evidence to.');
  await chaos?.close();
});

const through = (mode: ProxyMode) => () => chaos.toSink.set(mode);
const healed = through({ kind: 'pass' });

const CELLS: readonly FaultCell[] = [
  { name: 'refuses connections', strike: through({ kind: 'refuse' }), heal: healed },
  { name: 'cuts connections', strike: through({ kind: 'cut' }), heal: healed },
  { name: 'resets connections', strike: through({ kind: 'reset' }), heal: healed },
  { name: 'answers garbage', strike: through({ kind: 'garbage' }), heal: healed },
  { name: 'accepts connections and is silent', strike: through({ kind: 'silent' }), heal: healed },
  { name: 'vanishes silently', strike: through({ kind: 'vanished' }), heal: healed },
  { name: 'answers 503 and closes before it has read', strike: through({ kind: 'early', status: 503 }), heal: healed },
  {
    name: 'answers 413 to more than one record',
    strike: () => {
      chaos.evidence.mostRecords = 1;
    },
    heal: () => {
      chaos.evidence.mostRecords = Number.POSITIVE_INFINITY;
    },
  },
];

describe('the sink', () => {
  it.each(CELLS.map((cell) => [cell.name, cell] as const))(
    '%s',
    async (_name, cell) => {
      const before = memoryOf(chaos);
      const outcome = await runCell(chaos, cell);
      rows.push(rowOf(outcome));
      expect(outcome.violations).toEqual([]);
      expect(growth(before, memoryOf(chaos))).toBeLessThan(MOST_GROWTH_MB);
    },
    180_000,
  );
});
