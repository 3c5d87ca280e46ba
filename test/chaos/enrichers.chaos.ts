import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { VENDOR_NAMES, type VendorName } from '../../apps/sandbox/src/vendor-name.js';
import { type ChaosMesh, startChaosMesh } from './matrix/chaos-mesh.js';
import { type FaultCell, runCell } from './matrix/fault-cell.js';
import { type FaultRow, rowOf, tellRows } from './matrix/fault-table.js';
import { ABOUT_STRANGERS } from './matrix/mixed-hooks.js';

let chaos: ChaosMesh;
const rows: FaultRow[] = [];

beforeAll(async () => {
  chaos = await startChaosMesh();
}, 180_000);

afterAll(async () => {
  tellRows('Enrichers', rows);
  await chaos?.close();
});

function processOf(vendor: VendorName) {
  const enricher = chaos.mesh.enrichers.find((one) => one.vendor === vendor);
  if (enricher === undefined) throw new Error(`there is no enricher of ${vendor}`);
  return enricher.process;
}

function killed(name: string, vendors: readonly VendorName[]): Struck {
  return {
    vendors,
    name,
    strike: () => Promise.all(vendors.map((vendor) => processOf(vendor).kill())),
    heal: () => Promise.all(vendors.map((vendor) => chaos.mesh.restartEnricher(vendor))),
  };
}

function stopped(name: string, vendors: readonly VendorName[]): Struck {
  return {
    vendors,
    name,
    strike: () => vendors.map((vendor) => processOf(vendor).signal('SIGSTOP')),
    heal: () => vendors.map((vendor) => processOf(vendor).signal('SIGCONT')),
  };
}

type Struck = FaultCell & { readonly vendors: readonly VendorName[] };

const CELLS: readonly Struck[] = [
  killed("pagerduty's killed, and started again later", ['pagerduty']),
  killed("workday's killed, and started again later", ['workday']),
  killed('all killed, and started again later', VENDOR_NAMES),
  stopped("okta's stopped (SIGSTOP)", ['okta']),
  stopped('all stopped (SIGSTOP)', VENDOR_NAMES),
];

describe('enrichers', () => {
  it.each(CELLS.map((cell) => [cell.name, cell] as const))(
    '%s',
    async (_name, cell) => {
      const outcome = await runCell(chaos, {
        ...cell,
        isWell: ({ kind }, { context }) =>
          !ABOUT_STRANGERS.has(kind) || cell.vendors.every((vendor) => context[vendor]?.status === 'fresh'),
      });
      rows.push(rowOf(outcome));
      expect(outcome.violations).toEqual([]);
      for (const hook of outcome.during.filter(({ kind }) => ABOUT_STRANGERS.has(kind))) {
        for (const vendor of cell.vendors) {
          expect(outcome.delivered.get(hook)?.context[vendor]).toMatchObject({
            status: expect.stringMatching(/^(unavailable|fresh)$/),
          });
        }
      }
    },
    180_000,
  );
});
