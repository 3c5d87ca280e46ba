import { readFileSync, readlinkSync, statSync, unlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

const LEASE_FILE = 'lease.json';
/** A lease of another host or container that was not renewed for so long belongs to nobody, in ms. */
export const LEASE_MS = 30_000;

const leaseSchema = z.object({
  pid: z.number().int(),
  /** Boot of the kernel and namespace of process ids: inside both, /proc shows for certain which process is alive. */
  system: z.string(),
  /** Start of the process in clock ticks since boot, since ids of processes are used again. */
  startTicks: z.string(),
});

/** Writes the lease of this process for a folder. @throws Error when the disk refuses */
export function takeLease(folder: string): void {
  const lease = { pid: process.pid, system: currentSystem() ?? '', startTicks: startTicksOf(process.pid) ?? '' };
  writeFileSync(join(folder, LEASE_FILE), JSON.stringify(lease), { mode: 0o600 });
}

/** Renews the lease of this process. @returns false when the lease is gone: another process took the folder over */
export function renewLease(folder: string, now: Date): boolean {
  try {
    utimesSync(join(folder, LEASE_FILE), now, now);
    return true;
  } catch {
    return false;
  }
}

/** Removes the lease; what is left in the folder may be taken by anybody. */
export function dropLease(folder: string): void {
  try {
    unlinkSync(join(folder, LEASE_FILE));
  } catch {
    // It is gone already.
  }
}

/** Whether a process that lives writes into a folder. A folder without a lease was closed. */
export function isHeld(folder: string, now: number): boolean {
  const path = join(folder, LEASE_FILE);
  let renewedAt: number;
  let text: string;
  try {
    renewedAt = statSync(path).mtimeMs;
    text = readFileSync(path, 'utf8');
  } catch {
    return false;
  }
  const lease = leaseSchema.safeParse(parseJson(text));
  const system = currentSystem();
  if (lease.success && system !== undefined && lease.data.system === system) {
    return startTicksOf(lease.data.pid) === lease.data.startTicks;
  }
  return now - renewedAt < LEASE_MS;
}

/** Undefined where there is no /proc. */
function currentSystem(): string | undefined {
  try {
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()} ${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return undefined;
  }
}

/** Field 22 of /proc/<pid>/stat (proc(5)); undefined when the process is gone, or a zombie that has not been reaped. */
function startTicksOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19];
  } catch {
    return undefined;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
