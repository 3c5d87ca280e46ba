import type { CallPairing } from './call-pairing.js';
import type { FoundCall, FoundResult } from './found-call.js';

interface TurnCall {
  /** Calls and results of different kinds never answer each other. */
  readonly kind: string;
  readonly id: string | undefined;
  readonly found: FoundCall;
  key: string;
  answered: boolean;
}

interface TurnResult {
  readonly kind: string;
  readonly id: string | undefined;
  readonly found: FoundResult;
}

interface Pair {
  readonly call: TurnCall;
  readonly result: TurnResult;
}

export interface TurnPairingOptions {
  /** Whether a result with an id that no call of its turn has may answer a call that has none. */
  readonly unknownIdAnswers?: boolean;
  /** Distinguishes the turns of several histories in one body. */
  readonly name?: string;
}

/**
 * Pairs calls and results of which some have no ids, turn by turn. A result with the id of a call answers that call.
 * All others pair by position: the n-th result of a kind answers the n-th call of that kind that is not answered by id.
 *
 * A position pair whose result states another name than its call is ambiguous, because providers differ in whether the
 * position or the name counts. All such pairs of a turn share their results, so that one denial withholds all of them.
 */
export class TurnPairing {
  readonly #pairing: CallPairing;
  readonly #options: TurnPairingOptions;
  readonly #name: string;
  #turn = 0;
  #calls: TurnCall[] = [];
  #results: TurnResult[] = [];

  constructor(pairing: CallPairing, options: TurnPairingOptions = {}) {
    this.#pairing = pairing;
    this.#options = options;
    this.#name = options.name ?? '';
  }

  call(kind: string, id: string | undefined, found: FoundCall): void {
    const key = id === undefined ? `turn:${this.#name}:${this.#turn}:${this.#calls.length}` : `id:${id}`;
    this.#calls.push({ kind, id, found, key, answered: false });
  }

  result(kind: string, id: string | undefined, found: FoundResult): void {
    this.#results.push({ kind, id, found });
  }

  /** To be called where a turn of the model begins, and at the end of the history. */
  endTurn(): void {
    const byId = new Map<string, TurnCall>();
    for (const call of this.#calls) if (call.id !== undefined && !byId.has(call.id)) byId.set(call.id, call);
    const pairs: Pair[] = [];
    const open: TurnResult[] = [];
    for (const result of this.#results) {
      const call = result.id === undefined ? undefined : byId.get(result.id);
      if (call) pairs.push({ call, result });
      else open.push(result);
    }
    const answeredIds = new Set(pairs.map(({ call }) => call.id));
    for (const call of this.#calls) call.answered = call.id !== undefined && answeredIds.has(call.id);
    const unpaired = this.#pairByPosition(open, pairs);
    for (const call of this.#calls) this.#pairing.call(call.key, call.id, call.found);
    for (const { call, result } of pairs) this.#pairing.result(call.key, call.id, result.found, call.found.name);
    for (const [index, { id, found }] of unpaired.entries()) {
      this.#pairing.result(
        id === undefined ? `turn:${this.#name}:${this.#turn}:result:${index}` : `id:${id}`,
        id,
        found,
      );
    }
    this.#turn += 1;
    this.#calls = [];
    this.#results = [];
  }

  /** Adds the pairs to the list and answers the results that have no call in this turn. */
  #pairByPosition(results: readonly TurnResult[], pairs: Pair[]): TurnResult[] {
    const waiting = new Waiting(this.#calls);
    const unpaired: TurnResult[] = [];
    for (const result of results) {
      const call =
        result.id === undefined
          ? waiting.next(result.kind, 'any')
          : this.#options.unknownIdAnswers
            ? waiting.next(result.kind, 'without_id')
            : undefined;
      if (!call) {
        unpaired.push(result);
        continue;
      }
      if (result.found.name !== undefined && result.found.name !== call.found.name) {
        call.key = `turn:${this.#name}:${this.#turn}:mismatch`;
      }
      pairs.push({ call, result });
    }
    return unpaired;
  }
}

/** The calls of a turn that are not answered yet, in order. Every call is looked at twice at most. */
class Waiting {
  readonly #queues = new Map<string, { readonly calls: TurnCall[]; at: number }>();

  constructor(calls: readonly TurnCall[]) {
    for (const call of calls) {
      if (call.answered) continue;
      this.#add(`any:${call.kind}`, call);
      if (call.id === undefined) this.#add(`without_id:${call.kind}`, call);
    }
  }

  next(kind: string, which: 'any' | 'without_id'): TurnCall | undefined {
    const queue = this.#queues.get(`${which}:${kind}`);
    while (queue && queue.at < queue.calls.length) {
      const call = queue.calls[queue.at++];
      if (call?.answered === false) {
        call.answered = true;
        return call;
      }
    }
    return undefined;
  }

  #add(key: string, call: TurnCall): void {
    const queue = this.#queues.get(key);
    if (queue) queue.calls.push(call);
    else this.#queues.set(key, { calls: [call], at: 0 });
  }
}
