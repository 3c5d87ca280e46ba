import { readdirSync, renameSync, rmdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Segment } from './segment.js';
import { dropLease, isHeld, LEASE_MS } from './writer-lease.js';

const SUFFIX = '.jsonl';

/**
 * Moves the segments of processes that are dead into the folder of this one. A move is atomic, so of several processes
 * that try, one has each segment.
 *
 * @throws Error when the directory cannot be read
 */
export function takeOrphans(directory: string, ownFolder: string): Segment[] {
  const now = Date.now();
  const taken: Segment[] = [];
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const folder = join(directory, entry.name);
    if (!entry.isDirectory() || folder === ownFolder || isHeld(folder, now)) continue;
    const files = filesOf(folder);
    for (const file of files) {
      const segment = take(folder, ownFolder, file);
      if (segment !== undefined) taken.push(segment);
    }
    // A young folder without segments may be one whose process is about to write its lease.
    if (files.length > 0 || ageMs(folder, now) > LEASE_MS) clear(folder, now);
  }
  return taken;
}

function filesOf(folder: string): string[] {
  try {
    return readdirSync(folder).filter((file) => file.endsWith(SUFFIX));
  } catch {
    return [];
  }
}

function take(folder: string, ownFolder: string, file: string): Segment | undefined {
  const path = join(ownFolder, file);
  try {
    renameSync(join(folder, file), path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  return new Segment(file.slice(0, -SUFFIX.length), path, { size: statSync(path).size, closed: true });
}

function ageMs(folder: string, now: number): number {
  return now - (statSync(folder, { throwIfNoEntry: false })?.ctimeMs ?? now);
}

function clear(folder: string, now: number): void {
  if (isHeld(folder, now)) return;
  dropLease(folder);
  try {
    rmdirSync(folder);
  } catch {
    // Another process was faster, or the folder holds something else.
  }
}
