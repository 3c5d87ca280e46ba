import type { BenchmarkName } from '../benchmark-names.js';
import { BENCHMARKS } from '../benchmarks.js';
import type { Table } from '../table.js';
import { loadNow } from './machine.js';
import { type BenchRun, writeRun } from './run-file.js';

const PROGRESS_MS = 30_000;

export interface RunOptions {
  readonly names: readonly BenchmarkName[];
  /** Replaced after each benchmark, so that an interrupted run keeps its results. */
  readonly file: string;
  readonly onTable: (table: Table) => void;
  /** Called with one line of progress. */
  readonly onProgress: (line: string) => void;
}

/**
 * Runs benchmarks one after another and adds their results to the run. One that fails is recorded with its error, and
 * the next one runs.
 *
 * @returns names of those that failed
 */
export async function runBenchmarks(run: BenchRun, options: RunOptions): Promise<BenchmarkName[]> {
  const { names, file, onTable, onProgress } = options;
  const failed: BenchmarkName[] = [];
  const start = performance.now();
  for (const [index, name] of names.entries()) {
    const load = loadNow();
    const began = performance.now();
    onProgress(`[${index + 1}/${names.length}] ${name}, load average ${load}`);
    const ticker = setInterval(() => onProgress(`  ${name}: ${secondsSince(began)} s`), PROGRESS_MS);
    try {
      const table = await BENCHMARKS[name]();
      run.benchmarks[name] = { seconds: secondsSince(began), load, table: table as never };
      onTable(table);
    } catch (error) {
      failed.push(name);
      run.benchmarks[name] = { seconds: secondsSince(began), load, error: String(error) };
      onProgress(`  ${name} failed: ${(error as Error).stack ?? error}`);
    } finally {
      clearInterval(ticker);
    }
    await writeRun(file, run);
    onProgress(`  ${name}: done in ${secondsSince(began)} s, ${secondsSince(start)} s in all; written to ${file}`);
  }
  return failed;
}

function secondsSince(start: number): number {
  return Math.round((performance.now() - start) / 1000);
}
