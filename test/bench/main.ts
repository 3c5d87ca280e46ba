import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { Command } from 'commander';
import { BENCHMARK_NAMES, type BenchmarkName, FURTHER_BENCHMARKS, PAGE_BENCHMARKS } from './benchmark-names.js';
import { compareRuns, isWorse } from './results/compare.js';
import { comparisonText } from './results/comparison-text.js';
import { describeRun } from './results/machine.js';
import { renderPage } from './results/pages.js';
import { runBenchmarks } from './results/run-benchmarks.js';
import { newRun, RunFileError, readRun, writeRun } from './results/run-file.js';
import { SIZING_OPTIONS, sizingOf } from './sizing/command.js';
import { sizingPart } from './sizing/page-part.js';
import { asMarkdown, asText } from './table.js';

/** The run that the pages show. */
const PUBLISHED = 'docs/performance.json';
const PAGES = ['docs/performance.md', 'docs/capacity.md'];

interface RunFlags {
  readonly output?: string;
  readonly skip: readonly string[];
  readonly addTo?: string;
  readonly json: boolean;
  readonly markdown: boolean;
}

const program = new Command('npm run bench --').description('Benchmarks of Iris, and what is made of their results');

program
  .command('run', { isDefault: true })
  .description('runs the named benchmarks; "all", or no name, runs those that the pages show')
  .argument('[name...]', `all, or: ${BENCHMARK_NAMES.join(', ')}`)
  .option('--output <file>', 'JSON file of the results (default: .iris/bench/TIME.json)')
  .option('--add-to <file>', 'adds the results to a file of an earlier run of the same commit and machine')
  .option('--skip <name...>', 'leaves benchmarks out', [])
  .option('--json', 'prints JSON instead of text', false)
  .option('--markdown', 'prints Markdown instead of text', false)
  .action(async (names: string[], flags: RunFlags) => {
    const chosen = choose(names, flags.skip);
    const about = describeRun(process.cwd());
    const run = flags.addTo === undefined ? newRun(about) : await readRun(flags.addTo);
    if (run.commit.id !== about.commit.id || run.machine.cpu !== about.machine.cpu) {
      throw new RunFileError(`${flags.addTo}: is a run of another commit or machine: start a new one without --add-to`);
    }
    const file = flags.output ?? flags.addTo ?? `.iris/bench/${run.startedAt.replaceAll(':', '')}.json`;
    await writeRun(file, run);
    const failed = await runBenchmarks(run, {
      names: chosen,
      file,
      onTable: (table) =>
        console.log(flags.json ? JSON.stringify(table) : flags.markdown ? asMarkdown(table) : asText(table)),
      onProgress: (line) => process.stderr.write(`${line}\n`),
    });
    if (failed.length > 0) process.stderr.write(`failed: ${failed.join(', ')}\n`);
    process.exit(failed.length > 0 ? 1 : 0);
  });

program
  .command('compare')
  .description('prints what moved beyond noise; exit code 1 when something got worse, 2 for a file that is no result')
  .argument('<before>', 'JSON file of a run')
  .argument('<after>', 'JSON file of a later run')
  .action(async (before: string, after: string) => {
    const comparison = compareRuns(await readRun(before), await readRun(after));
    console.log(comparisonText(comparison));
    process.exitCode = isWorse(comparison) ? 1 : 0;
  });

program
  .command('document')
  .description(`writes the results of one run into ${PAGES.join(' and ')}, and keeps the run as ${PUBLISHED}`)
  .argument('<file>', 'JSON file of a run')
  .option('--check', 'writes nothing; exit code 1 when the pages differ', false)
  .action(async (file: string, { check }: { check: boolean }) => {
    const run = await readRun(file);
    const pages = await Promise.all(
      PAGES.map(async (path) => {
        const old = await readFile(path, 'utf8');
        return { path, old, text: renderPage(old, run, { sizing: sizingPart }) };
      }),
    );
    const changed = pages.filter(({ old, text }) => old !== text);
    if (!check) {
      for (const { path, text } of changed) await writeFile(path, text);
      if (file !== PUBLISHED) await copyFile(file, PUBLISHED);
    }
    for (const { path } of changed) console.log(`${path}: ${check ? 'differs' : 'written'}`);
    process.exitCode = check && changed.length > 0 ? 1 : 0;
  });

const size = program
  .command('size')
  .description('prints what a number of agents needs, computed from the measured costs of a run')
  .requiredOption('--agents <count>', 'agents at work')
  .option('--from <file>', 'JSON file of a run', PUBLISHED);
for (const [flag, text, fallback] of SIZING_OPTIONS) size.option(`--${flag} <number>`, text, String(fallback));
size.action(async (flags: Record<string, string>) => {
  console.log(asText(sizingOf(flags, await readRun(flags.from ?? PUBLISHED))));
});

/** @throws RunFileError for a name that is none */
function choose(names: readonly string[], skip: readonly string[]): BenchmarkName[] {
  const asked = names.length === 0 ? ['all'] : names;
  const unknown = [...asked, ...skip].filter((name) => name !== 'all' && !BENCHMARK_NAMES.includes(name));
  if (unknown.length > 0) {
    throw new RunFileError(
      `there is no benchmark ${unknown.join(', ')}: all (${PAGE_BENCHMARKS.join(', ')}) or ${FURTHER_BENCHMARKS.join(', ')}`,
    );
  }
  const chosen = asked.flatMap((name) => (name === 'all' ? [...PAGE_BENCHMARKS] : [name as BenchmarkName]));
  return [...new Set(chosen)].filter((name) => !skip.includes(name));
}

try {
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof RunFileError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 2;
}
