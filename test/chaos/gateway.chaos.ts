import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type ChaosMesh, startChaosMesh } from './matrix/chaos-mesh.js';
import { type FaultCell, runCell } from './matrix/fault-cell.js';
import { type FaultRow, rowOf, tellRows } from './matrix/fault-table.js';

/** A client that is told of a closed connection before a reply cannot know whether its hook was read. */
const UNDER_WAY = 10;

let chaos: ChaosMesh;
const rows: FaultRow[] = [];

beforeAll(async () => {
  chaos = await startChaosMesh({ gateways: 2 });
}, 180_000);

afterAll(async () => {
  tellRows('Gateway', rows, 'Two gateways; a refused connection is tried at the other one, as a load balancer does.');
  await chaos?.close();
});

describe('a gateway of two', () => {
  const cells: readonly (FaultCell & { readonly lost: number })[] = [
    {
      name: 'killed, and started again later',
      mayLose: true,
      lost: UNDER_WAY,
      strike: () => chaos.mesh.gateways[0]?.process.kill(),
      heal: () => chaos.mesh.restartGateway(0),
    },
    {
      name: 'drained by SIGTERM, and started again later',
      lost: 0,
      strike: () => chaos.mesh.gateways[0]?.process.stop(),
      heal: () => chaos.mesh.restartGateway(0),
    },
    {
      name: 'stopped for 600 ms (SIGSTOP), as by a long pause of its event loop',
      faultMs: 600,
      extraMs: 600,
      lost: 0,
      strike: () => chaos.mesh.gateways[0]?.process.signal('SIGSTOP'),
      heal: () => chaos.mesh.gateways[0]?.process.signal('SIGCONT'),
    },
  ];

  it.each(cells.map((cell) => [cell.name, cell] as const))(
    '%s',
    async (_name, cell) => {
      const outcome = await runCell(chaos, cell);
      rows.push(rowOf(outcome));
      expect(outcome.violations).toEqual([]);
      expect(outcome.hooks.filter(({ fault }) => fault !== undefined).length).toBeLessThanOrEqual(cell.lost);
    },
    180_000,
  );
});
