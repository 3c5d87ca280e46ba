import type { BenchmarkName } from './benchmark-names.js';
import type { Table } from './table.js';

type Benchmark = () => Promise<Table>;

const from = (load: () => Promise<{ readonly run: Benchmark }>): Benchmark => {
  return async () => (await load()).run();
};

/** Every benchmark by its name; its code is loaded when it runs. */
export const BENCHMARKS: Readonly<Record<BenchmarkName, Benchmark>> = {
  'bodies-in-flight': from(() => import('./bodies-in-flight.js')),
  'body-cost': from(() => import('./body-cost.js')),
  'command-effects': from(() => import('./command-effects.js')),
  'context-scale': from(() => import('./context-scale.js')),
  effects: from(() => import('./effects.js')),
  'fan-out': from(() => import('./fan-out.js')),
  floor: from(() => import('./floor.js')),
  history: from(() => import('./history.js')),
  'masking-cost': from(() => import('./masking-cost.js')),
  'pdp-proxy': from(() => import('./pdp-proxy.js')),
  mcp: from(() => import('./mcp.js')),
  peers: from(() => import('./peers.js')),
  profile: from(() => import('./profile.js')),
  replay: from(() => import('./replay.js')),
  scale: from(() => import('./scale.js')),
  shadow: from(() => import('./shadow.js')),
  'start-up': from(() => import('./start-up.js')),
  'worst-case': from(() => import('./worst-case.js')),
};
