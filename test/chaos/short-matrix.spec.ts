import { it } from '@jest/globals';
import { COLLECTOR } from './matrix/areas/collector.js';
import { ENRICHERS } from './matrix/areas/enrichers.js';
import { GATEWAY } from './matrix/areas/gateway.js';
import { MACHINE } from './matrix/areas/machine.js';
import { PDP } from './matrix/areas/pdp.js';
import { REDIS } from './matrix/areas/redis.js';
import { SINK } from './matrix/areas/sink.js';
import { FEW_ROUNDS } from './matrix/areas/vendors.js';
import { cellsOf, describeCells } from './matrix/fault-area.js';
import { soak } from './matrix/soak-run.js';

/** The hardest faults of each area, all on one mesh; `npm run chaos` has all of them, each area on a mesh of its own. */
const CELLS = [
  ...cellsOf(
    REDIS,
    'absent when everything starts',
    'its connections vanish silently',
    'killed, and back empty later',
    'read-only',
  ),
  ...FEW_ROUNDS,
  ...cellsOf(
    PDP,
    'accepts connections and is silent',
    'killed, and started again later',
    'a policy that does not compile is put in while it runs',
  ),
  ...cellsOf(ENRICHERS, 'all killed, and started again later', 'all stopped (SIGSTOP)'),
  ...cellsOf(GATEWAY, 'killed, and started again later', 'drained by SIGTERM, and started again later'),
  ...cellsOf(COLLECTOR, 'answers 503 and closes before it has read'),
  ...cellsOf(SINK, 'answers 413 to more than one record', 'vanishes silently'),
  ...cellsOf(
    MACHINE,
    'all clocks jump an hour back, and ahead',
    'the event loops of gateway and enrichers stand still for 800 ms',
    'all clocks go back an hour while PagerDuty asks to wait, and stay so',
    'the disk of the spool is full, and has room again later',
  ),
];

const MESH = {
  people: 10_000,
  gateways: 2,
  redisAtStart: false,
  vendorTls: true,
  collector: true,
  clocks: true,
  smallSpool: true,
};

describeCells('Short form', MESH, CELLS, {
  tests: (chaos) =>
    it('nothing grows by more than its bounds under load with faults in turn', () =>
      soak(chaos(), { minutes: 0.5, turnMs: 1500 })),
});
