import { execFileSync } from 'node:child_process';
import { cpus, loadavg, release, totalmem, type } from 'node:os';
import { irisVersion } from '@iris/config';
import { pdpBinary } from '../../../apps/sandbox/src/mesh/pdp.js';
import type { BenchRun } from './run-file.js';

/** The machine, the versions and the commit of this process. */
export function describeRun(root: string): Pick<BenchRun, 'commit' | 'machine' | 'versions'> {
  const [cpu] = cpus();
  return {
    commit: {
      id: firstMatch('git', ['-C', root, 'rev-parse', 'HEAD'], /^\w+/),
      hasChanges: outputOf('git', ['-C', root, 'status', '--porcelain', '--untracked-files=no']).trim() !== '',
    },
    machine: {
      cpu: cpu?.model.trim() ?? 'unknown',
      cores: cpus().length,
      memoryMegabytes: Math.round(totalmem() / 1024 / 1024),
      kernel: `${type()} ${release()}`,
    },
    versions: {
      node: process.version,
      iris: irisVersion(),
      pdp: firstMatch(pdpBinary(root), ['--version'], /\d+\.\d+\.\d+\S*/),
      redis: firstMatch('redis-server', ['--version'], /\d+\.\d+\.\d+/),
    },
  };
}

/** Load average over the last minute. */
export function loadNow(): number {
  return Math.round((loadavg()[0] ?? 0) * 100) / 100;
}

function firstMatch(command: string, args: readonly string[], pattern: RegExp): string {
  return pattern.exec(outputOf(command, args))?.[0] ?? 'unknown';
}

/** Empty when the command does not run: a source archive has no commit. */
function outputOf(command: string, args: readonly string[]): string {
  try {
    return execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  } catch {
    return '';
  }
}
