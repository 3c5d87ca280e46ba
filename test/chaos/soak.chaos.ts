import { afterAll, beforeAll, it } from '@jest/globals';
import { type ChaosMesh, startChaosMesh } from './matrix/chaos-mesh.js';
import { EVERY_MS, soak } from './matrix/soak-run.js';

const MINUTES = Number(process.env.SOAK_MINUTES ?? 5);

let chaos: ChaosMesh;

beforeAll(async () => {
  chaos = await startChaosMesh({ people: Math.ceil(MINUTES * 60 * (1000 / EVERY_MS)) + 4000 });
});
afterAll(() => chaos?.close());

it(
  `grows by no more than its bounds in ${MINUTES} minutes of load with faults in turn`,
  () => soak(chaos, { minutes: MINUTES, turnMs: 3000 }),
  (MINUTES + 10) * 60_000,
);
