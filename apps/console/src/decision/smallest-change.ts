import type { SmallestChange } from '@iris/console-api';
import type { EvidenceRecord } from '@iris/evidence';
import type { PolicyIndex } from '@iris/policy-files';
import type { AskAgain } from './ask-again.js';
import { canAskAgain } from './ask-again.js';
import { type Candidate, candidateChanges } from './candidate-changes.js';

/** Most questions to the PDP for one search, questions in flight at once, and its longest time in ms. */
const MAX_QUESTIONS = 300;
const AT_ONCE = 4;
const MAX_MS = 8000;
/** Changes that are answered. */
const MAX_FOUND = 5;
/** Facts that are combined to pairs: the nearest ones. */
const MAX_PAIRED = 24;

/**
 * Searches the smallest change of facts with which the PDP allows a denied call: each fact alone, then two together.
 * Every answer is that of the PDP. The search is bounded, so that nothing found is no proof that there is nothing.
 */
export async function findSmallestChange(
  record: EvidenceRecord,
  policies: PolicyIndex | undefined,
  pdp: Pick<AskAgain, 'ask'>,
  now: () => number = () => performance.now(),
): Promise<SmallestChange> {
  const nothing: SmallestChange = { hypothetical: true, found: false, changes: [], asked: 0, exhausted: true };
  if (record.effect === 'ALLOW') return { ...nothing, reason: 'The call is allowed.' };
  if (!canAskAgain(record)) return { ...nothing, reason: 'The record does not hold what the PDP was given.' };
  if (policies === undefined)
    return { ...nothing, reason: 'The policies cannot be read, so no facts can be proposed.' };

  const search = new Search(record, pdp, now() + MAX_MS, now);
  const unchanged = await pdp.ask(record, { changes: [] });
  if (unchanged.effect === 'ALLOW') {
    return {
      ...nothing,
      asked: 1,
      reason: 'The PDP allows the call now without any change: the policies have changed.',
    };
  }
  const candidates = candidateChanges(record, policies);
  let found = await search.try(candidates.map((candidate) => [candidate]));
  if (found.length === 0) found = await search.try(pairsOf(candidates));
  return {
    hypothetical: true,
    found: found.length > 0,
    changes: found
      .slice(0, MAX_FOUND)
      .map((changes) => changes.map(({ of, path, from, to }) => ({ of, path, from, to }))),
    asked: search.asked + 1,
    exhausted: search.exhausted,
  };
}

class Search {
  asked = 0;
  exhausted = true;

  constructor(
    private readonly record: EvidenceRecord,
    private readonly pdp: Pick<AskAgain, 'ask'>,
    private readonly endsAt: number,
    private readonly now: () => number,
  ) {}

  /** The changes that allow, in their order; it ends early with enough of them. */
  async try(all: readonly (readonly Candidate[])[]): Promise<(readonly Candidate[])[]> {
    const found: (readonly Candidate[])[] = [];
    for (let at = 0; at < all.length && found.length < MAX_FOUND; at += AT_ONCE) {
      const some = all.slice(at, at + AT_ONCE);
      if (this.asked + some.length > MAX_QUESTIONS || this.now() > this.endsAt) {
        this.exhausted = false;
        break;
      }
      this.asked += some.length;
      const results = await Promise.all(some.map((changes) => this.pdp.ask(this.record, { changes })));
      found.push(...some.filter((_, index) => results[index]?.effect === 'ALLOW'));
    }
    return found;
  }
}

/** Pairs of different facts, the nearest first. */
function pairsOf(candidates: readonly Candidate[]): (readonly Candidate[])[] {
  const near = candidates.slice(0, MAX_PAIRED);
  const pairs = near.flatMap((first, index) =>
    near
      .slice(index + 1)
      .filter(({ of, path }) => of !== first.of || path !== first.path)
      .map((second) => [first, second]),
  );
  const distanceOf = (pair: readonly Candidate[]) => pair.reduce((sum, { distance }) => sum + distance, 0);
  return pairs.sort((a, b) => distanceOf(a) - distanceOf(b));
}
