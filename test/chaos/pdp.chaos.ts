import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type ChaosMesh, startChaosMesh } from './matrix/chaos-mesh.js';
import { type FaultCell, runCell } from './matrix/fault-cell.js';
import { type FaultRow, rowOf, tellRows } from './matrix/fault-table.js';

const PACK = join(process.cwd(), 'policies/pack');

let chaos: ChaosMesh;
let policies: string;
const rows: FaultRow[] = [];

beforeAll(async () => {
  policies = mkdtempSync(join(tmpdir(), 'iris-policies-'));
  cpSync(PACK, policies, { recursive: true });
  chaos = await startChaosMesh({ policies });
}, 180_000);

afterAll(async () => {
  tellRows('PDP', rows);
  await chaos?.close();
  rmSync(policies, { recursive: true, force: true });
});

const through = (mode: Parameters<ChaosMesh['toPdp']['set']>[0]) => () => chaos.toPdp.set(mode);
const healed = through({ kind: 'pass' });
const enforced = () => join(policies, 'enforce/aperture_hook.yaml');
const restored = () => cpSync(join(PACK, 'enforce/aperture_hook.yaml'), enforced());

/** While the PDP gives no decision, nothing passes. */
const UNDECIDED: readonly (FaultCell & { readonly decides: boolean })[] = [
  { name: 'refuses connections', decides: false, strike: through({ kind: 'refuse' }), heal: healed },
  { name: 'accepts connections and is silent', decides: false, strike: through({ kind: 'silent' }), heal: healed },
  { name: 'slower than the budget', decides: false, strike: through({ kind: 'slow', ms: 2000 }), heal: healed },
  { name: 'answers 200 ms later', decides: true, strike: through({ kind: 'slow', ms: 200 }), heal: healed },
  {
    name: 'killed, and started again later',
    decides: false,
    strike: () => chaos.mesh.pdp.process.kill(),
    heal: () => chaos.mesh.restartPdp(),
  },
  { name: 'restarted', decides: true, faultMs: 500, strike: () => chaos.mesh.restartPdp(), heal: () => {} },
  {
    name: 'a policy that does not compile is put in while it runs',
    decides: true,
    strike: () => writeFileSync(enforced(), 'apiVersion: api.cerbos.dev/v1\nresourcePolicy: { rules: [ }'),
    heal: restored,
  },
  {
    name: 'the policy of the resource kind is taken out while it runs',
    decides: false,
    strike: () => rmSync(enforced()),
    heal: restored,
  },
];

describe('the PDP', () => {
  it.each(UNDECIDED.map((cell) => [cell.name, cell] as const))(
    '%s',
    async (_name, cell) => {
      const outcome = await runCell(chaos, cell);
      rows.push(rowOf(outcome));
      expect(outcome.violations).toEqual([]);
      if (!cell.decides)
        expect(outcome.struck.some(({ fate }) => fate === 'blocked' || fate === 'withheld')).toBe(true);
    },
    180_000,
  );
});
