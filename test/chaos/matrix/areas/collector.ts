import { eventually } from '@iris/context-cache/testing';
import { expect } from '@jest/globals';
import type { ChaosMesh } from '../chaos-mesh.js';
import type { AreaCell, FaultArea } from '../fault-area.js';
import type { ProxyMode } from '../fault-proxy.js';
import { growsLittle } from '../still-running.js';

const through = (mode: ProxyMode) => (chaos: ChaosMesh) => chaos.toCollector?.set(mode);
const healed = through({ kind: 'pass' });

const CELLS: readonly AreaCell[] = [
  { name: 'refuses connections', strike: through({ kind: 'refuse' }), heal: healed },
  { name: 'cuts connections', strike: through({ kind: 'cut' }), heal: healed },
  { name: 'resets connections', strike: through({ kind: 'reset' }), heal: healed },
  { name: 'answers garbage', strike: through({ kind: 'garbage' }), heal: healed },
  { name: 'is silent for 8 s', faultMs: 8000, strike: through({ kind: 'silent' }), heal: healed },
  { name: 'vanishes silently', strike: through({ kind: 'vanished' }), heal: healed },
  { name: 'answers 503 and closes before it has read', strike: through({ kind: 'early', status: 503 }), heal: healed },
  { name: 'answers 200 and closes before it has read', strike: through({ kind: 'early', status: 200 }), heal: healed },
];

/** Exports continue by themselves. */
async function exportsAgain(chaos: ChaosMesh): Promise<void> {
  const seen = chaos.collector?.spans.length ?? 0;
  await eventually(async () => expect(chaos.collector?.spans.length).toBeGreaterThan(seen));
}

export const COLLECTOR: FaultArea = {
  title: 'Collector',
  note: 'Every process exports spans and metrics to it by OTLP over HTTP, the auditor evidence too.',
  mesh: { collector: true },
  cells: CELLS.map((cell) => growsLittle({ ...cell, judge: (_outcome, chaos) => exportsAgain(chaos) })),
};
