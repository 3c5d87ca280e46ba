import { randomUUID } from 'node:crypto';
import type { Difference } from '@iris/console-api';
import type { DecisionFilter, DecisionLog } from '@iris/decision-log';
import type { EvidenceRecord } from '@iris/evidence';
import type { Pdp } from '@iris/pdp';
import { readPolicyText } from '@iris/policy-files';
import { ChangeSummary, type ListedChange, listed, ranked, replay } from '@iris/replay';
import type { Logger } from '@iris/telemetry';
import { ApiProblem } from '../http/api-problem.js';
import { boundedText } from '../http/bounded-text.js';

/** Comparisons that run at once, and finished ones that are kept. */
const MAX_RUNNING = 2;
const MAX_KEPT = 20;
const MAX_LISTED = 200;
const MAX_RANKED = 500;
/** Longest comparison, in ms. */
const MAX_MS = 15 * 60_000;

export interface ComparisonOf {
  readonly filter: DecisionFilter;
  readonly policyVersion?: string;
  readonly masked: boolean;
  readonly maxRecords: number;
}

interface Run {
  readonly owner: string;
  readonly cancel: AbortController;
  result: Difference;
}

/**
 * Comparisons of a candidate version of the policies with recorded decisions, by the replay of `iris replay`. Each runs
 * in the background with a bound, and can be cancelled.
 */
export class Differences {
  private readonly runs = new Map<string, Run>();

  constructor(
    private readonly log: Pick<DecisionLog, 'window'>,
    private readonly pdp: Pdp,
    private readonly policies: string,
    private readonly logger: Logger,
  ) {}

  /** @throws ApiProblem when too many run */
  start(owner: string, comparison: ComparisonOf): Difference {
    const running = [...this.runs.values()].filter(({ result }) => result.state === 'running');
    if (running.length >= MAX_RUNNING) {
      throw new ApiProblem('too_many', `${MAX_RUNNING} comparisons run already; wait or cancel one.`);
    }
    const id = randomUUID();
    const run: Run = { owner, cancel: new AbortController(), result: emptyDifference(id, comparison.maxRecords) };
    this.runs.set(id, run);
    for (const old of [...this.runs.keys()].slice(0, Math.max(0, this.runs.size - MAX_KEPT))) this.drop(old);
    void this.run(run, comparison);
    return run.result;
  }

  /** @throws ApiProblem for one that is not the owner's */
  read(owner: string, id: string): Difference {
    return this.own(owner, id).result;
  }

  cancel(owner: string, id: string): Difference {
    const run = this.own(owner, id);
    run.cancel.abort();
    if (run.result.state === 'running') run.result = { ...run.result, state: 'cancelled' };
    return run.result;
  }

  close(): void {
    for (const { cancel } of this.runs.values()) cancel.abort();
  }

  private own(owner: string, id: string): Run {
    const run = this.runs.get(id);
    if (run === undefined || run.owner !== owner) throw new ApiProblem('not_found', 'There is no such comparison.');
    return run;
  }

  private drop(id: string): void {
    this.runs.get(id)?.cancel.abort();
    this.runs.delete(id);
  }

  private async run(run: Run, comparison: ComparisonOf): Promise<void> {
    const summary = new ChangeSummary();
    const list: ListedChange[] = [];
    const progress = { read: 0, complete: true };
    const signal = AbortSignal.any([run.cancel.signal, AbortSignal.timeout(MAX_MS)]);
    const show = (changes: Partial<Difference>) => {
      if (run.result.state !== 'running') return;
      run.result = { ...run.result, ...progress, ...shown(summary, list), ...changes };
    };
    try {
      const { readsAges, readsParams } = await readPolicyText(this.policies);
      const records = bounded(this.log.window(comparison.filter), comparison.maxRecords, progress, signal, () =>
        show({}),
      );
      const options = { policyVersion: comparison.policyVersion, masked: comparison.masked, readsAges, readsParams };
      const counts = await replay(records, this.pdp, options, (change) => {
        const entry = listed(change);
        summary.add(entry);
        if (list.length < MAX_LISTED) list.push(entry);
      });
      const { replayed, changed, masked, withoutCall, withoutPolicy, shadow } = counts;
      show({ state: 'finished', total: progress.read, replayed, changed, masked, withoutCall, withoutPolicy, shadow });
    } catch (error) {
      if (run.cancel.signal.aborted) return;
      this.logger.warn({ err: error }, 'a comparison of policies failed');
      show({
        state: 'failed',
        error: signal.aborted ? 'It took too long; choose a shorter window.' : messageOf(error),
      });
    }
  }
}

/** The records up to a bound. @throws what the signal was aborted with */
async function* bounded(
  records: AsyncIterable<EvidenceRecord>,
  maxRecords: number,
  progress: { read: number; complete: boolean },
  signal: AbortSignal,
  onProgress: () => void,
): AsyncGenerator<EvidenceRecord> {
  for await (const record of records) {
    signal.throwIfAborted();
    if (progress.read >= maxRecords) {
      progress.complete = false;
      return;
    }
    progress.read += 1;
    if (progress.read % 500 === 0) onProgress();
    yield record;
  }
}

function emptyDifference(id: string, total: number): Difference {
  return {
    ...{ id, state: 'running', read: 0, total, complete: true },
    ...{ replayed: 0, changed: 0, masked: 0, withoutCall: 0, withoutPolicy: 0, shadow: 0 },
    ...{ byPerson: [], byTool: [], changes: [] },
  };
}

function shown(
  summary: ChangeSummary,
  list: readonly ListedChange[],
): Pick<Difference, 'byPerson' | 'byTool' | 'changes'> {
  return {
    byPerson: shownRanks(summary.byPrincipal),
    byTool: shownRanks(summary.byTool),
    changes: list.map(({ id, time, principal, tool, category, from, to, rulesBefore, outputsNow }) => ({
      ...{ id, time, person: boundedText(principal), tool: boundedText(tool), category, from, to },
      rulesBefore: rulesBefore.map(boundedText),
      rulesNow: [...new Set(outputsNow.map(({ source }) => boundedText(source)))],
    })),
  };
}

function shownRanks(counts: ChangeSummary['byTool']) {
  return ranked(counts)
    .slice(0, MAX_RANKED)
    .map(({ name, ...directions }) => ({ name: boundedText(name), ...directions }));
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message.slice(0, 500) : 'unexpected error';
}
