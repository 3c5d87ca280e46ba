import { asMarkdown, asTable, boundsOf, type Goal, isMet, type Measure, round } from '../table.js';
import { errorOfMedian } from './noise.js';
import { type BenchRun, RunFileError } from './run-file.js';

/** A goal that is met by less than this share of its bound is named as close. */
const CLOSE = 0.05;
/** A ratio whose noise is larger than this share of it is named as uncertain. */
const UNCERTAIN = 0.1;
/** Goals compare floating-point figures; a page shows two digits. */
const SHOWN_ERRORS = 3;

/** Parts of a page that are not those of one benchmark: their text by the name of their markers. */
export type PageParts = Readonly<Record<string, (run: BenchRun) => string>>;

/**
 * Replaces what is between `<!-- NAME -->` and `<!-- /NAME -->` in a page by the results of a run; prose stays. NAME is a
 * benchmark, `run`, `goals`, `weak`, or one of the further parts.
 *
 * @throws RunFileError when the run has no result of a benchmark that the page shows
 */
export function renderPage(page: string, run: BenchRun, parts: PageParts = {}): string {
  const missing = new Set<string>();
  const text = page.replace(/<!-- ([\w-]+) -->[\s\S]*?<!-- \/\1 -->/g, (found, name: string) => {
    const part = { ...PARTS, ...parts }[name];
    const table = run.benchmarks[name]?.table;
    if (part === undefined && table === undefined) {
      missing.add(name);
      return found;
    }
    const content = part?.(run) ?? (table === undefined ? '' : asMarkdown({ ...table, title: '', goals: [] }));
    return `<!-- ${name} -->\n\n${content.trim()}\n\n<!-- /${name} -->`;
  });
  if (missing.size === 0) return text;
  const names = [...missing];
  throw new RunFileError(
    `the run has no result of ${names.join(', ')}, so the page would mix runs: npm run bench -- ${names.join(' ')} adds it`,
  );
}

const PARTS: PageParts = { run: aboutRun, goals: goalTable, weak: weakFigures };

function aboutRun({ startedAt, commit, machine, versions, benchmarks }: BenchRun): string {
  const seconds = Object.values(benchmarks).reduce((sum, one) => sum + one.seconds, 0);
  const loads = Object.values(benchmarks).map(({ load }) => load);
  return `All figures are those of one run of ${Math.round(seconds / 60)} minutes on ${startedAt.slice(0, 10)}: commit
\`${commit.id.slice(0, 12)}\`${commit.hasChanges ? ' with changes that are not committed' : ''}, ${machine.cpu}, ${machine.cores} cores, ${Math.round(machine.memoryMegabytes / 1024)} GB of memory,
${machine.kernel}, Node ${versions.node}, Cerbos ${versions.pdp}, Redis ${versions.redis}. Load average before a benchmark: ${Math.min(...loads)} to ${Math.max(...loads)}.`;
}

interface PlacedGoal {
  readonly benchmark: string;
  readonly goal: Goal;
}

function goalsOf({ benchmarks }: BenchRun): PlacedGoal[] {
  return Object.entries(benchmarks).flatMap(([benchmark, { table }]) =>
    (table?.goals ?? []).map((goal) => ({ benchmark, goal })),
  );
}

function goalTable(run: BenchRun): string {
  const rows = goalsOf(run).map(({ benchmark, goal }) => [
    goal.what,
    boundsOf(goal),
    round(goal.measured),
    isMet(goal) ? (isClose(goal) ? 'met, close' : 'met') : '**missed**',
    benchmark,
  ]);
  return asTable(['goal', 'bound', 'measured', '', 'benchmark'], rows);
}

/** Whether a goal is met by less than a twentieth of its bound. */
function isClose({ measured, atMost, atLeast }: Goal): boolean {
  if (atMost !== undefined && measured > atMost * (1 - CLOSE)) return true;
  return atLeast !== undefined && measured < atLeast * (1 + CLOSE);
}

/** Everything in the run that a reader should know before believing the rest. */
function weakFigures(run: BenchRun): string {
  const missed = goalsOf(run)
    .filter(({ goal }) => !isMet(goal))
    .map(
      ({ benchmark, goal }) => `Missed, ${benchmark}: ${goal.what}: ${round(goal.measured)}, goal ${boundsOf(goal)}.`,
    );
  const uncertain = Object.entries(run.benchmarks).flatMap(([benchmark, { table }]) =>
    (table?.measures ?? []).flatMap((measure) => uncertainty(benchmark, measure)),
  );
  const busy = Object.entries(run.benchmarks)
    .filter(([, { load }]) => load > run.machine.cores)
    .map(
      ([name, { load }]) =>
        `Busy machine, ${name}: load average ${load} on ${run.machine.cores} cores before it started.`,
    );
  const lines = [...missed, ...uncertain, ...busy];
  return lines.length === 0 ? 'No goal is missed.' : lines.map((line) => `- ${line}`).join('\n');
}

function uncertainty(benchmark: string, { name, unit, value, blocks }: Measure): string[] {
  const error = errorOfMedian(blocks);
  const noise = SHOWN_ERRORS * (error ?? 0);
  if (unit !== 'x' || error === undefined || noise <= UNCERTAIN * value) return [];
  return [`Uncertain, ${benchmark}: ${name}: ${round(value)}, plus or minus ${round(noise)}.`];
}
