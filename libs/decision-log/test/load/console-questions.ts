import type { DecisionLog } from '../../src/index.js';
import { type LoadOptions, personOf, ruleOf, sessionOf, toolOf } from './load-records.js';

/** One question of the console; `run` varies by the number of its turn. */
export interface Question {
  readonly name: string;
  /** How many days it may read at most; absent when it may look into each. */
  readonly days?: number;
  run(log: DecisionLog, turn: number): Promise<unknown>;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** What the console asks, for decisions of a load. */
export function consoleQuestions({ records, days, until }: LoadOptions): Question[] {
  const last = (ms: number) => ({ from: new Date(until.getTime() - ms), to: new Date(until.getTime() + 1) });
  const all = last(days * DAY_MS);
  let tenth: string | undefined;
  /** A number that spreads over the load. */
  const at = (turn: number) => (turn * 7919) % records;
  return [
    { name: 'newest page', run: (log) => log.list({}) },
    {
      name: 'tenth page',
      run: async (log) => {
        if (tenth === undefined) {
          for (let page = 0; page < 9; page += 1) tenth = (await log.list({}, { cursor: tenth, limit: 100 })).next;
        }
        return log.list({}, { cursor: tenth });
      },
    },
    {
      name: 'page of a day',
      days: 2,
      run: (log, turn) =>
        log.list({
          from: new Date(until.getTime() - (2 + (turn % 5)) * DAY_MS),
          to: new Date(until.getTime() - (1 + (turn % 5)) * DAY_MS),
        }),
    },
    { name: 'page of a person', run: (log, turn) => log.list({ person: [personOf(turn * 37)] }) },
    { name: 'page of a tool', run: (log, turn) => log.list({ tool: [toolOf(turn)] }) },
    { name: 'page of enforced denials', run: (log) => log.list({ effect: ['DENY'], force: ['enforced'] }) },
    { name: 'page of a rule', run: (log, turn) => log.list({ rule: [ruleOf(turn)] }) },
    { name: 'page of a stale source', run: (log) => log.list({ source: ['pagerduty:stale'] }) },
    {
      name: 'page of a rare combination',
      run: (log, turn) =>
        log.list({ reason: ['context_unavailable'], tool: [toolOf(100 + (turn % 20))], force: ['shadow'] }),
    },
    { name: 'page of what never was', run: (log) => log.list({ tool: ['none'], person: [personOf(1)] }) },
    {
      name: 'person and tool',
      run: (log, turn) => log.list({ person: [personOf(turn)], tool: [toolOf(119 - (turn % 50))] }),
    },
    { name: 'counts of 3 hours by minute', days: 2, run: (log) => log.counts(last(3 * HOUR_MS - 60_000), 'minute') },
    { name: 'counts of 24 hours by 10 minutes', run: (log) => log.counts(last(DAY_MS), '10 minutes') },
    { name: 'counts of all days by day', run: (log) => log.counts(all, 'day') },
    {
      name: 'counts of all days by hour, one tool',
      run: (log, turn) => log.counts({ ...all, tool: [toolOf(turn)] }, 'hour'),
    },
    {
      name: 'counts of all days by day, one rule',
      run: (log, turn) => log.counts({ ...all, rule: [ruleOf(turn)] }, 'day'),
    },
    {
      name: 'counts of all days by day, one person',
      run: (log, turn) => log.counts({ ...all, person: [personOf(turn)] }, 'day'),
    },
    { name: 'rules of 7 days', run: (log) => log.rules(last(7 * DAY_MS)) },
    { name: 'rules of all days', run: (log) => log.rules(all) },
    { name: 'tools of all days', run: (log) => log.values('tool', all) },
    { name: 'person', run: (log, turn) => log.person(personOf(turn)) },
    { name: 'session', run: (log, turn) => log.session(sessionOf(at(turn))) },
    { name: 'tail', run: (log, turn) => log.since(`a${records - 50 - turn}`) },
    { name: 'tail of denials', run: (log, turn) => log.since(`a${records - 1000 - turn}`, { effect: ['DENY'] }) },
    {
      name: 'one decision',
      run: async (log, turn) => {
        const { decisions } = await log.list({ session: [sessionOf(at(turn))] }, { limit: 1 });
        return log.get(decisions[0]?.id ?? '');
      },
    },
    { name: 'status', run: (log) => log.status() },
  ];
}

/** The time under which so much of the samples is, in ms. */
function percentile(samples: readonly number[], part: number): number {
  const sorted = samples.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0;
}

/** Asks each question so often. @returns a line for each */
export async function timeQuestions(
  log: DecisionLog,
  questions: readonly Question[],
  turns: number,
): Promise<string[]> {
  const lines: string[] = [];
  for (const { name, run } of questions) {
    const samples: number[] = [];
    for (let turn = 0; turn < turns; turn += 1) {
      const start = performance.now();
      await run(log, turn);
      samples.push(performance.now() - start);
    }
    const [p50, p95] = [percentile(samples, 0.5), percentile(samples, 0.95)];
    lines.push(`${name.padEnd(40)} p50 ${p50.toFixed(1).padStart(7)} ms   p95 ${p95.toFixed(1).padStart(7)} ms`);
  }
  return lines;
}
