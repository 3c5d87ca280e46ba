import { spawnSync } from 'node:child_process';

/** A small file system of its own that fills up; only root can make one. */
export function mountSmall(folder: string, bytes: number): () => void {
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes}`, 'tmpfs', folder], { encoding: 'utf8' });
  if (mounted.status !== 0) throw new Error(`no file system: ${mounted.stderr}`);
  return () => {
    spawnSync('umount', ['-l', folder]);
  };
}
