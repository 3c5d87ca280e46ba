import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeCaseEvidence } from './case-evidence.js';
import type { Table } from './table.js';

const RECORDS = 100_000;
const POLL_MS = 200;

/**
 * How long `iris replay` takes for many records, and the most memory that its process held meanwhile. The facts of each
 * record are a little older than those before, as they are from hook to hook.
 */
export async function run(): Promise<Table> {
  const folder = await mkdtemp(join(tmpdir(), 'iris-bench-replay-'));
  try {
    const file = join(folder, 'evidence.jsonl');
    await writeCaseEvidence(file, RECORDS);
    const megabytes = Math.round((await stat(file)).size / 1024 / 1024);
    const start = performance.now();
    const { result, peakMegabytes } = await replay(file);
    const seconds = (performance.now() - start) / 1000;
    if (result.replayed !== RECORDS || result.changed !== 0) {
      throw new Error(`the replay must change nothing: ${JSON.stringify(result)}`);
    }
    return {
      title: 'iris replay against the policies that decided',
      columns: ['records', 'input in MB', 'time in s', 'records in a s', 'most memory in MB'],
      rows: [[RECORDS, megabytes, Math.round(seconds), Math.round(RECORDS / seconds), peakMegabytes]],
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function replay(file: string): Promise<{ result: { replayed: number; changed: number }; peakMegabytes: number }> {
  const args = ['dist/apps/cli/src/main.js', 'replay', file, '--policies', 'policies/pack', '--json'];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let out = '';
  let peak = 0;
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk.toString('utf8');
  });
  // Linux keeps the highest resident size of a process itself.
  const timer = setInterval(async () => {
    const status = await readFile(`/proc/${child.pid}/status`, 'utf8').catch(() => '');
    peak = Math.max(peak, Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0));
  }, POLL_MS);
  await once(child, 'close');
  clearInterval(timer);
  return { result: JSON.parse(out), peakMegabytes: Math.round(peak / 1024) };
}
