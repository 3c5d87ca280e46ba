import { readFileSync } from 'node:fs';
import type { Child } from '../../../apps/sandbox/src/mesh/child.js';
import type { ChaosMesh } from './chaos-mesh.js';

/** Every process of the mesh that Iris is made of. */
function processesOf({ mesh, auditor }: ChaosMesh): Child[] {
  return [...mesh.gateways, ...mesh.enrichers].map(({ process }) => process).concat(auditor);
}

/** Resident memory of each process in MB, by name and pid. @throws Error naming a process that has ended */
export function memoryOf(chaos: ChaosMesh): Map<string, number> {
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
export function growth(before: ReadonlyMap<string, number>, after: ReadonlyMap<string, number>): number {
  return Math.max(...[...after].map(([process, megabytes]) => megabytes - (before.get(process) ?? megabytes)));
}
