import type { BenchRun } from '../results/run-file.js';
import { asMarkdown } from '../table.js';
import { sizingTable } from './command.js';
import { costsOf } from './cost-per-hook.js';

const AGENTS = [1000, 10_000, 100_000];

/** The table of sizes on the page of capacity. */
export function sizingPart(run: BenchRun): string {
  return asMarkdown({ ...sizingTable(AGENTS, {}, costsOf(run)), title: '' });
}
