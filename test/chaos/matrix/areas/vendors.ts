import { expect } from '@jest/globals';
import { VENDOR_NAMES, type VendorName } from '../../../../apps/sandbox/src/vendor-name.js';
import type { AreaCell } from '../fault-area.js';
import type { CellOutcome } from '../fault-cell.js';
import { ABOUT_STRANGERS } from '../mixed-hooks.js';
import { VENDOR_FAULTS, type VendorFault } from '../vendor-faults.js';

/**
 * Requests that one enricher may make in 2.5 s of an outage, whatever the traffic: five lookups that fail, and a trial
 * or two, of a few requests each. More would grow with the traffic.
 */
const MAX_REQUESTS = 24;

type Pair = readonly [VendorName, VendorFault];

function cellOf(name: string, pairs: readonly Pair[]): AreaCell {
  return {
    name,
    vendor: pairs.length === 1 ? pairs[0]?.[0] : undefined,
    strike: (chaos) => Promise.all(pairs.map(([vendor, fault]) => fault.strike(chaos, vendor))),
    heal: (chaos) => Promise.all(pairs.map(([vendor, fault]) => fault.heal(chaos, vendor))),
    isWell: ({ kind }, { context }) =>
      !ABOUT_STRANGERS.has(kind) || pairs.every(([vendor]) => context[vendor]?.status === 'fresh'),
    judge: (outcome) => expectHonest(outcome, pairs),
  };
}

/** Facts that a failing vendor did not give are unavailable, with the reason; the others' are there. */
function expectHonest({ during, delivered, vendorCalls }: CellOutcome, pairs: readonly Pair[]): void {
  const failing = new Map(pairs);
  const asked = during.filter(({ kind, fault }) => fault === undefined && ABOUT_STRANGERS.has(kind));
  expect(asked.length).toBeGreaterThan(0);
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

/** Each fault of one vendor, the others being well. */
export function cellsOfVendor(vendor: VendorName): AreaCell[] {
  return VENDOR_FAULTS.map((fault) => cellOf(fault.name, [[vendor, fault]]));
}

/** All vendors at once, no two in the same way: vendor `index` has the fault that `fault` gives for it. */
function round(fault: (index: number) => number): AreaCell {
  const pairs = VENDOR_NAMES.map((vendor, index): Pair => {
    const found = VENDOR_FAULTS[fault(index) % VENDOR_FAULTS.length];
    if (found === undefined) throw new Error('there are no faults');
    return [vendor, found];
  });
  return cellOf(`all at once: ${pairs.map(([vendor, { name }]) => `${vendor}: ${name}`).join('; ')}`, pairs);
}

/** Over all rounds each vendor meets each fault. */
export const EVERY_ROUND: readonly AreaCell[] = VENDOR_FAULTS.map((_, turn) => round((index) => turn + index * 3));

/** As few rounds as show each fault at least once. */
export const FEW_ROUNDS: readonly AreaCell[] = Array.from(
  { length: Math.ceil(VENDOR_FAULTS.length / VENDOR_NAMES.length) },
  (_, turn) => round((index) => turn * VENDOR_NAMES.length + index),
);
