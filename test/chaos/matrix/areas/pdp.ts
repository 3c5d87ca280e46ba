import { cpSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from '@iris/context-cache/testing';
import { expect } from '@jest/globals';
import { type ChaosMesh, PACK } from '../chaos-mesh.js';
import type { AreaCell, FaultArea } from '../fault-area.js';
import type { ProxyMode } from '../fault-proxy.js';

const through = (mode: ProxyMode) => (chaos: ChaosMesh) => chaos.toPdp.set(mode);
const healed = through({ kind: 'pass' });
const ENFORCED = 'enforce/aperture_hook.yaml';
const restored = ({ policies }: ChaosMesh) => cpSync(join(PACK, ENFORCED), join(policies, ENFORCED));

/** While the PDP gives no decision, nothing passes. */
const undecided: NonNullable<AreaCell['judge']> = ({ struck }) =>
  expect(struck.some(({ fate }) => fate === 'blocked' || fate === 'withheld')).toBe(true);

/**
 * Cerbos 0.55 evaluates no DENY rule of a policy that was removed and is back, until it starts again or the file changes
 * once more. The golden checks find this, so the gateways are unready meanwhile.
 */
async function afterReturn({ mesh }: ChaosMesh): Promise<void> {
  await mesh.restartPdp();
  for (const { url } of mesh.gateways) {
    await eventually(async () =>
      expect(await (await fetch(`${url}/readyz`)).json()).toMatchObject({ status: 'ready' }),
    );
  }
}

export const PDP: FaultArea = {
  title: 'PDP',
  mesh: {},
  cells: [
    { name: 'refuses connections', judge: undecided, strike: through({ kind: 'refuse' }), heal: healed },
    { name: 'accepts connections and is silent', judge: undecided, strike: through({ kind: 'silent' }), heal: healed },
    { name: 'slower than the budget', judge: undecided, strike: through({ kind: 'slow', ms: 2000 }), heal: healed },
    { name: 'answers 200 ms later', strike: through({ kind: 'slow', ms: 200 }), heal: healed },
    {
      name: 'killed, and started again later',
      judge: undecided,
      strike: ({ mesh }) => mesh.pdp.process.kill(),
      heal: ({ mesh }) => mesh.restartPdp(),
    },
    { name: 'restarted', faultMs: 500, strike: ({ mesh }) => mesh.restartPdp(), heal: () => {} },
    {
      name: 'a policy that does not compile is put in while it runs',
      strike: ({ policies }) =>
        writeFileSync(join(policies, ENFORCED), 'apiVersion: api.cerbos.dev/v1\nresourcePolicy: { rules: [ }'),
      heal: restored,
      judge: (_outcome, chaos) => afterReturn(chaos),
    },
    {
      name: 'the policy of the resource kind is taken out while it runs',
      judge: async (outcome, chaos) => {
        await undecided(outcome, chaos);
        await afterReturn(chaos);
      },
      strike: ({ policies }) => rmSync(join(policies, ENFORCED)),
      heal: restored,
    },
  ],
};
