import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { VENDOR_NAMES, type VendorName } from '../../apps/sandbox/src/vendor-name.js';
import { type ChaosMesh, startChaosMesh } from './matrix/chaos-mesh.js';
import { type CellOutcome, type FaultCell, runCell } from './matrix/fault-cell.js';
import { type FaultRow, rowOf, tellRows } from './matrix/fault-table.js';
import { ABOUT_STRANGERS } from './matrix/mixed-hooks.js';
import { VENDOR_FAULTS, type VendorFault } from './matrix/vendor-cells.js';

/** Each pair of vendor and fault alone, which takes ten minutes; without it all vendors fail at the same time. */
const EACH_ALONE = process.env.CHAOS_EACH_ALONE === '1';
/**
 * Requests that one enricher may make in 2.5 s of an outage, whatever the traffic: five lookups that fail, and a trial
 * or two, of a few requests each. More would grow with the traffic.
 */
const MAX_REQUESTS = 24;

let chaos: ChaosMesh;
const rows = new Map<string, FaultRow[]>();

beforeAll(async () => {
  chaos = await startChaosMesh({ vendorTls: true, people: EACH_ALONE ? 30_000 : 5000 });
}, 180_000);

afterAll(async () => {
  for (const [area, some] of rows) tellRows(area, some);
  await chaos?.close();
});

type Pair = readonly [VendorName, VendorFault];

function cellOf(name: string, pairs: readonly Pair[]): FaultCell {
  return {
    name,
    strike: () => Promise.all(pairs.map(([vendor, fault]) => fault.strike(chaos, vendor))),
    heal: () => Promise.all(pairs.map(([vendor, fault]) => fault.heal(chaos, vendor))),
    isWell: ({ kind }, { context }) =>
      !ABOUT_STRANGERS.has(kind) || pairs.every(([vendor]) => context[vendor]?.status === 'fresh'),
  };
}

/** Facts that a failing vendor did not give are told as unavailable, with the reason; the others' are there. */
function expectHonest({ during, delivered, vendorCalls }: CellOutcome, pairs: readonly Pair[]): void {
  const failing = new Map(pairs);
  const asked = during.filter(({ kind, fault }) => fault === undefined && ABOUT_STRANGERS.has(kind));
  expect(asked.length).toBeGreaterThan(5);
  for (const hook of asked) {
    const context = delivered.get(hook)?.context;
    // The verdict left when the budget ended, before anything was known.
    if (hook.reason === 'budget_exhausted' || context === undefined) continue;
    for (const vendor of VENDOR_NAMES) {
      const partly = failing.get(vendor)?.partly;
      if (!failing.has(vendor)) expect({ vendor, ...context[vendor] }).toMatchObject({ vendor, status: 'fresh' });
      else if (!partly || context[vendor]?.status !== 'fresh') {
        const reason = expect.stringMatching(/^source_/);
        expect({ vendor, ...context[vendor] }).toMatchObject({ vendor, status: 'unavailable', reason });
      }
    }
  }
  for (const [vendor, { partly }] of pairs) {
    if (!partly)
      expect({ vendor, bounded: (vendorCalls[vendor] ?? 0) <= MAX_REQUESTS }).toEqual({ vendor, bounded: true });
  }
}

async function run(area: string, name: string, pairs: readonly Pair[]): Promise<void> {
  const outcome = await runCell(chaos, cellOf(name, pairs));
  const [only] = pairs.length === 1 ? pairs : [];
  const row = rowOf(outcome, only?.[0]);
  rows.set(area, [...(rows.get(area) ?? []), row]);
  expect(outcome.violations).toEqual([]);
  expectHonest(outcome, pairs);
}

if (EACH_ALONE) {
  describe.each(VENDOR_NAMES)('%s', (vendor) => {
    it.each(VENDOR_FAULTS.map((fault) => [fault.name, fault] as const))(
      '%s',
      (name, fault) => run(`Vendors: ${vendor}`, name, [[vendor, fault]]),
      180_000,
    );
  });
} else {
  // Over all rounds each vendor meets each fault, and in each round no two vendors fail in the same way.
  const rounds = VENDOR_FAULTS.map((_, round) =>
    VENDOR_NAMES.map((vendor, index): Pair => {
      const fault = VENDOR_FAULTS[(round + index * 3) % VENDOR_FAULTS.length];
      if (fault === undefined) throw new Error('there are no faults');
      return [vendor, fault];
    }),
  );
  it.each(rounds.map((pairs) => [pairs.map(([vendor, { name }]) => `${vendor}: ${name}`).join('; '), pairs] as const))(
    'all vendors at once: %s',
    (name, pairs) => run('Vendors, all at once', name, pairs),
    180_000,
  );
}
