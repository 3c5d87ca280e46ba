import { expect } from '@jest/globals';
import { VENDOR_NAMES, type VendorName } from '../../../../apps/sandbox/src/vendor-name.js';
import type { ChaosMesh } from '../chaos-mesh.js';
import type { AreaCell, FaultArea } from '../fault-area.js';
import { ABOUT_STRANGERS } from '../mixed-hooks.js';

type Faults = Pick<AreaCell, 'strike' | 'heal'>;

function processOf({ mesh }: ChaosMesh, vendor: VendorName) {
  const enricher = mesh.enrichers.find((one) => one.vendor === vendor);
  if (enricher === undefined) throw new Error(`there is no enricher of ${vendor}`);
  return enricher.process;
}

const killed = (vendors: readonly VendorName[]): Faults => ({
  strike: (chaos) => Promise.all(vendors.map((vendor) => processOf(chaos, vendor).kill())),
  heal: ({ mesh }) => Promise.all(vendors.map((vendor) => mesh.restartEnricher(vendor))),
});

const stopped = (vendors: readonly VendorName[]): Faults => ({
  strike: (chaos) => vendors.map((vendor) => processOf(chaos, vendor).signal('SIGSTOP')),
  heal: (chaos) => vendors.map((vendor) => processOf(chaos, vendor).signal('SIGCONT')),
});

/** Facts of an unavailable enricher are unavailable or fresh, never something else. */
function cellOf(
  name: string,
  vendors: readonly VendorName[],
  faults: (vendors: readonly VendorName[]) => Faults,
): AreaCell {
  return {
    name,
    ...faults(vendors),
    isWell: ({ kind }, { context }) =>
      !ABOUT_STRANGERS.has(kind) || vendors.every((vendor) => context[vendor]?.status === 'fresh'),
    judge: ({ during, delivered }) => {
      for (const hook of during.filter(({ kind }) => ABOUT_STRANGERS.has(kind))) {
        for (const vendor of vendors) {
          expect(delivered.get(hook)?.context[vendor]).toMatchObject({
            status: expect.stringMatching(/^(unavailable|fresh)$/),
          });
        }
      }
    },
  };
}

export const ENRICHERS: FaultArea = {
  title: 'Enrichers',
  mesh: {},
  cells: [
    cellOf("pagerduty's killed, and started again later", ['pagerduty'], killed),
    cellOf("workday's killed, and started again later", ['workday'], killed),
    cellOf('all killed, and started again later', VENDOR_NAMES, killed),
    cellOf("okta's stopped (SIGSTOP)", ['okta'], stopped),
    cellOf('all stopped (SIGSTOP)', VENDOR_NAMES, stopped),
  ],
};
