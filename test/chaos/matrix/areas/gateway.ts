import { expect } from '@jest/globals';
import type { AreaCell, FaultArea } from '../fault-area.js';

/** A client whose connection closes before a reply cannot know whether its hook was read. */
const UNDER_WAY = 10;

const losesAtMost =
  (most: number): AreaCell['judge'] =>
  ({ hooks }) =>
    expect(hooks.filter(({ fault }) => fault !== undefined).length).toBeLessThanOrEqual(most);

export const GATEWAY: FaultArea = {
  title: 'Gateway',
  note: 'Two gateways; a refused connection is tried at the other one, as a load balancer does.',
  mesh: { gateways: 2 },
  cells: [
    {
      name: 'killed, and started again later',
      mayLose: true,
      judge: losesAtMost(UNDER_WAY),
      strike: ({ mesh }) => mesh.gateways[0]?.process.kill(),
      heal: ({ mesh }) => mesh.restartGateway(0),
    },
    {
      name: 'drained by SIGTERM, and started again later',
      judge: losesAtMost(0),
      strike: ({ mesh }) => mesh.gateways[0]?.process.stop(),
      heal: ({ mesh }) => mesh.restartGateway(0),
    },
    {
      name: 'stopped for 600 ms (SIGSTOP), as by a long pause of its event loop',
      faultMs: 600,
      extraMs: 600,
      judge: losesAtMost(0),
      strike: ({ mesh }) => mesh.gateways[0]?.process.signal('SIGSTOP'),
      heal: ({ mesh }) => mesh.gateways[0]?.process.signal('SIGCONT'),
    },
  ],
};
