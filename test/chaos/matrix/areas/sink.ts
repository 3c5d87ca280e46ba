import type { ChaosMesh } from '../chaos-mesh.js';
import type { AreaCell, FaultArea } from '../fault-area.js';
import type { ProxyMode } from '../fault-proxy.js';
import { growsLittle } from '../still-running.js';

const through = (mode: ProxyMode) => (chaos: ChaosMesh) => chaos.toSink.set(mode);
const healed = through({ kind: 'pass' });

const takesAtOnce = (records: number) => (chaos: ChaosMesh) => {
  chaos.evidence.mostRecords = records;
};

const CELLS: readonly AreaCell[] = [
  { name: 'refuses connections', strike: through({ kind: 'refuse' }), heal: healed },
  { name: 'cuts connections', strike: through({ kind: 'cut' }), heal: healed },
  { name: 'resets connections', strike: through({ kind: 'reset' }), heal: healed },
  { name: 'answers garbage', strike: through({ kind: 'garbage' }), heal: healed },
  { name: 'accepts connections and is silent', strike: through({ kind: 'silent' }), heal: healed },
  { name: 'vanishes silently', strike: through({ kind: 'vanished' }), heal: healed },
  { name: 'answers 503 and closes before it has read', strike: through({ kind: 'early', status: 503 }), heal: healed },
  {
    name: 'answers 413 to more than one record',
    strike: takesAtOnce(1),
    heal: takesAtOnce(Number.POSITIVE_INFINITY),
  },
];

export const SINK: FaultArea = {
  title: 'Sink',
  note: 'The HTTP endpoint that the auditor delivers evidence to.',
  mesh: {},
  cells: CELLS.map(growsLittle),
};
