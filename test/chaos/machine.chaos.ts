import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { VENDOR_NAMES } from '../../apps/sandbox/src/vendor-name.js';
import { mountSmall } from './evidence-mesh.js';
import { type ChaosMesh, startChaosMesh } from './matrix/chaos-mesh.js';
import { type FaultCell, runCell } from './matrix/fault-cell.js';
import { type FaultRow, rowOf, tellRows } from './matrix/fault-table.js';

const HOUR_MS = 3_600_000;
const DISK_BYTES = 8 * 1024 * 1024;
const IS_ROOT = process.getuid?.() === 0;
const PRELOAD = join(import.meta.dirname, 'matrix/shifted-clock.mjs');

let chaos: ChaosMesh;
let folder: string;
let unmount = () => {};
const rows: FaultRow[] = [];
const clockFile = (name: string) => join(folder, `clock-${name}`);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'iris-machine-'));
  const spool = join(folder, 'spool');
  spawnSync('mkdir', ['-p', spool]);
  if (IS_ROOT) unmount = mountSmall(spool, DISK_BYTES);
  const shiftedBy = (name: string) => ({ NODE_OPTIONS: `--import ${PRELOAD}`, CLOCK_SHIFT_FILE: clockFile(name) });
  chaos = await startChaosMesh({
    gatewayEnv: {
      ...shiftedBy('gateway'),
      IRIS_EVIDENCE_DIRECTORY: spool,
      IRIS_EVIDENCE_ON_FULL: 'block',
    },
    enricherEnv: Object.fromEntries(VENDOR_NAMES.map((vendor) => [vendor, shiftedBy('enrichers')])),
  });
}, 180_000);

afterAll(async () => {
  const note =
    'Clocks are moved inside the process, by what Date reports; the spool is on a disk of 8 MiB that fills up.';
  tellRows('Machine', rows, note);
  await chaos?.close();
  unmount();
  rmSync(folder, { recursive: true, force: true });
});

function jump(name: string, who: readonly string[], ms: number): FaultCell {
  const set = (shift: number) => {
    for (const one of who) writeFileSync(clockFile(one), String(shift));
  };
  return { name, strike: () => set(ms), heal: () => set(0) };
}

const filler = () => join(folder, 'spool', 'filler');

const CELLS: readonly FaultCell[] = [
  jump("the gateway's clock jumps an hour ahead, and back", ['gateway'], HOUR_MS),
  jump("the gateway's clock jumps an hour back, and ahead", ['gateway'], -HOUR_MS),
  jump("the enrichers' clocks jump an hour ahead, and back", ['enrichers'], HOUR_MS),
  jump("the enrichers' clocks jump an hour back, and ahead", ['enrichers'], -HOUR_MS),
  jump('all clocks jump an hour back, and ahead', ['gateway', 'enrichers'], -HOUR_MS),
  {
    name: 'the event loops of gateway and enrichers stand still for 800 ms',
    faultMs: 800,
    extraMs: 800,
    strike: () => everyProcess('SIGSTOP'),
    heal: () => everyProcess('SIGCONT'),
  },
];

function everyProcess(signal: NodeJS.Signals): void {
  for (const { process } of [...chaos.mesh.gateways, ...chaos.mesh.enrichers]) process.signal(signal);
}

describe('the machine', () => {
  it.each(CELLS.map((cell) => [cell.name, cell] as const))(
    '%s',
    async (_name, cell) => {
      const outcome = await runCell(chaos, cell);
      rows.push(rowOf(outcome));
      expect(outcome.violations).toEqual([]);
    },
    180_000,
  );

  it('a clock that goes back an hour while a vendor is unavailable keeps nothing closed', async () => {
    const { admin } = chaos.mesh.sandbox;
    const clocks = jump('', ['gateway', 'enrichers'], -HOUR_MS);
    const outcome = await runCell(chaos, {
      name: 'all clocks go back an hour while PagerDuty asks to wait, and stay so',
      strike: async () => {
        await admin.setFaults('pagerduty', { mode: 'rate_limited', resetSeconds: 2 });
        await new Promise((resolve) => setTimeout(resolve, 1500));
        clocks.strike();
      },
      heal: () => admin.setFaults('pagerduty'),
      isWell: ({ kind }, { context }) => kind !== 'stranger_denied' || context.pagerduty?.status === 'fresh',
    });
    clocks.heal();
    rows.push(rowOf(outcome));
    expect(outcome.violations).toEqual([]);
  }, 180_000);

  (IS_ROOT ? it : it.skip)(
    'the disk of the spool is full',
    async () => {
      const outcome = await runCell(chaos, {
        name: 'the disk of the spool is full, and has room again later',
        strike: () => {
          const { bavail, bsize } = statfsSync(join(folder, 'spool'));
          writeFileSync(filler(), Buffer.alloc(bavail * bsize));
        },
        heal: () => rmSync(filler(), { force: true }),
      });
      rows.push(rowOf(outcome));
      expect(outcome.violations).toEqual([]);
      expect(outcome.struck.some(({ reason }) => reason === 'evidence_unavailable')).toBe(true);
    },
    180_000,
  );
});
