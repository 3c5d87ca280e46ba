import { readFileSync } from 'node:fs';
import { expect } from '@jest/globals';
import type { Child } from '../../../apps/sandbox/src/mesh/child.js';
import type { ChaosMesh } from './chaos-mesh.js';
import type { AreaCell } from './fault-area.js';

/** What waits does so on disk, in Redis or in bounded queues, and what is beyond is dropped, in MB. */
const MOST_GROWTH_MB = 150;

/** A cell during which no process ends, and none grows by more than its queues hold. */
export function growsLittle(cell: AreaCell): AreaCell {
  let before: ReadonlyMap<string, number> = new Map();
  return {
    ...cell,
    before: async (chaos) => {
      await cell.before?.(chaos);
      before = memoryOf(chaos);
    },
    judge: async (outcome, chaos) => {
      const grown = growth(before, memoryOf(chaos));
      process.stdout.write(`${cell.name}: the process that grew most grew by ${grown} MB\n`);
      expect(grown).toBeLessThan(MOST_GROWTH_MB);
      await cell.judge?.(outcome, chaos);
    },
  };
}

/** Every process of the mesh that Iris is made of. */
function processesOf({ mesh, auditor }: ChaosMesh): Child[] {
  return [...mesh.gateways, ...mesh.enrichers].map(({ process }) => process).concat(auditor);
}

/** Resident memory of each process in MB, by name and pid. @throws Error naming a process that has ended */
function memoryOf(chaos: ChaosMesh): Map<string, number> {
  return new Map(
    processesOf(chaos).map(({ name, pid, output }) => {
      try {
        const [, kilobytes] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
        if (kilobytes === undefined) throw new Error('a zombie');
        return [`${name} ${pid}`, Math.round(Number(kilobytes) / 1024)];
      } catch {
        throw new Error(`${name} has ended:\n${output.slice(-20).join('\n')}`);
      }
    }),
  );
}

/** Growth of the process that grew most, in MB. */
function growth(before: ReadonlyMap<string, number>, after: ReadonlyMap<string, number>): number {
  return Math.max(...[...after].map(([process, megabytes]) => megabytes - (before.get(process) ?? megabytes)));
}
