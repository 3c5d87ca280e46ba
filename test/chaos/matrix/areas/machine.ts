import { appendFileSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from '@jest/globals';
import type { ChaosMesh } from '../chaos-mesh.js';
import type { AreaCell, FaultArea } from '../fault-area.js';

const HOUR_MS = 3_600_000;
/** PagerDuty has been asked, and has said when to ask again, in ms. */
const ASKED_MS = 1500;
const REFILL_MS = 20;

type Clocks = 'gateway' | 'enrichers';
const ALL: readonly Clocks[] = ['gateway', 'enrichers'];

const setClocks =
  (who: readonly Clocks[], shiftMs: number) =>
  ({ clockFile }: ChaosMesh) => {
    for (const one of who) writeFileSync(clockFile(one), String(shiftMs));
  };

function jump(name: string, who: readonly Clocks[], shiftMs: number): AreaCell {
  return { name, strike: setClocks(who, shiftMs), heal: setClocks(who, 0) };
}

const everyProcess = (signal: NodeJS.Signals) => (chaos: ChaosMesh) => {
  for (const { process } of [...chaos.mesh.gateways, ...chaos.mesh.enrichers]) process.signal(signal);
};

const filler = ({ spool }: ChaosMesh) => join(spool, 'filler');

/** Takes what room there is, again and again: what is delivered makes room. Returns what stops it. */
function keepFull(chaos: ChaosMesh): () => void {
  const fill = () => {
    const { bavail, bsize } = statfsSync(chaos.spool);
    try {
      if (bavail > 0) appendFileSync(filler(chaos), Buffer.alloc(bavail * bsize));
    } catch {
      // A gateway took the room meanwhile.
    }
  };
  fill();
  const timer = setInterval(fill, REFILL_MS);
  return () => clearInterval(timer);
}

let stopFilling = () => {};

export const MACHINE: FaultArea = {
  title: 'Machine',
  note: 'Clocks are moved inside the process, by what Date returns; the spool is on a disk of 8 MiB that fills up.',
  mesh: { clocks: true, smallSpool: true },
  cells: [
    jump("the gateway's clock jumps an hour ahead, and back", ['gateway'], HOUR_MS),
    jump("the gateway's clock jumps an hour back, and ahead", ['gateway'], -HOUR_MS),
    jump("the enrichers' clocks jump an hour ahead, and back", ['enrichers'], HOUR_MS),
    jump("the enrichers' clocks jump an hour back, and ahead", ['enrichers'], -HOUR_MS),
    jump('all clocks jump an hour back, and ahead', ALL, -HOUR_MS),
    {
      name: 'the event loops of gateway and enrichers stand still for 800 ms',
      faultMs: 800,
      extraMs: 800,
      strike: everyProcess('SIGSTOP'),
      heal: everyProcess('SIGCONT'),
    },
    {
      name: 'all clocks go back an hour while PagerDuty asks to wait, and stay so',
      strike: async (chaos) => {
        await chaos.mesh.sandbox.admin.setFaults('pagerduty', { mode: 'rate_limited', resetSeconds: 2 });
        await sleep(ASKED_MS);
        setClocks(ALL, -HOUR_MS)(chaos);
      },
      heal: ({ mesh }) => mesh.sandbox.admin.setFaults('pagerduty'),
      isWell: ({ kind }, { context }) => kind !== 'stranger_denied' || context.pagerduty?.status === 'fresh',
      judge: (_outcome, chaos) => setClocks(ALL, 0)(chaos),
    },
    {
      name: 'the disk of the spool is full, and has room again later',
      needsRoot: true,
      strike: (chaos) => {
        stopFilling = keepFull(chaos);
      },
      heal: (chaos) => {
        stopFilling();
        rmSync(filler(chaos), { force: true });
      },
      judge: ({ struck }) => expect(struck.some(({ reason }) => reason === 'evidence_unavailable')).toBe(true),
    },
  ],
};
