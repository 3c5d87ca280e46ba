import { eventually } from '@iris/context-cache/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type ChaosMesh, startChaosMesh } from './matrix/chaos-mesh.js';
import { type FaultCell, runCell } from './matrix/fault-cell.js';
import type { ProxyMode } from './matrix/fault-proxy.js';
import { type FaultRow, rowOf, tellRows } from './matrix/fault-table.js';
import { growth, memoryOf } from './matrix/still-running.js';

/** Spans and metrics wait in bounded queues; what is beyond is dropped, in MB. */
const MOST_GROWTH_MB = 150;

let chaos: ChaosMesh;
const rows: FaultRow[] = [];

beforeAll(async () => {
  chaos = await startChaosMesh({ collector: true });
}, 180_000);

afterAll(async () => {
  tellRows(
    'Collector',
    rows,
    'Every process exports spans and metrics to it by OTLP over HTTP, the auditor evidence too.',
  );
  await chaos?.close();
});

const through = (mode: ProxyMode) => () => chaos.toCollector?.set(mode);
const healed = through({ kind: 'pass' });

const CELLS: readonly FaultCell[] = [
  { name: 'refuses connections', strike: through({ kind: 'refuse' }), heal: healed },
  { name: 'cuts connections', strike: through({ kind: 'cut' }), heal: healed },
  { name: 'resets connections', strike: through({ kind: 'reset' }), heal: healed },
  { name: 'answers garbage', strike: through({ kind: 'garbage' }), heal: healed },
  { name: 'is silent for 8 s', faultMs: 8000, strike: through({ kind: 'silent' }), heal: healed },
  { name: 'vanishes silently', strike: through({ kind: 'vanished' }), heal: healed },
  { name: 'answers 503 and closes before it has read', strike: through({ kind: 'early', status: 503 }), heal: healed },
  { name: 'answers 200 and closes before it has read', strike: through({ kind: 'early', status: 200 }), heal: healed },
];

describe('the collector', () => {
  it.each(CELLS.map((cell) => [cell.name, cell] as const))(
    '%s',
    async (_name, cell) => {
      const before = memoryOf(chaos);
      const outcome = await runCell(chaos, cell);
      rows.push(rowOf(outcome));
      expect(outcome.violations).toEqual([]);
      const grown = growth(before, memoryOf(chaos));
      process.stdout.write(`${cell.name}: the process that grew most grew by ${grown} MB\n`);
      expect(grown).toBeLessThan(MOST_GROWTH_MB);
      // Exports continue by themselves.
      const seen = chaos.collector?.spans.length ?? 0;
      await eventually(async () => expect(chaos.collector?.spans.length).toBeGreaterThan(seen));
    },
    180_000,
  );
});
