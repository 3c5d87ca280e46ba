import type { Json, ToolParams } from '@iris/contracts';
import type { JsonPath } from '@iris/json-document';
import type { ExecutedCall, RequestedCall } from './formats/llm-format.js';
import { callDigest } from './tool-params.js';

/** A call as a format finds it in the history. */
export interface FoundCall extends ToolParams {
  readonly name: string;
  readonly server?: string;
  readonly rawArguments: Json | undefined;
  readonly caller?: 'direct' | 'programmatic';
  readonly serverSide?: boolean;
}

/** A result as a format finds it in the history. */
export interface FoundResult {
  readonly path: JsonPath;
  readonly inNewestTurn: boolean;
  /** The name that the result itself states, used when its call is not in the request. */
  readonly name?: string;
  readonly server?: string;
  readonly serverSide?: boolean;
}

interface OpenCall {
  readonly call: FoundCall;
  readonly providerId: string | undefined;
  readonly results: JsonPath[];
  inNewestTurn: boolean;
  readonly callVisible: boolean;
}

/** Calls that share an id and are answered together. */
interface Group {
  readonly calls: OpenCall[];
  answered: boolean;
}

/**
 * Pairs calls with results in the order in which they stand in the history.
 *
 * Calls of the same id that stand unanswered side by side share every result of that id, so that denying one of them
 * denies the result. After a result, the same id begins anew. A result of an answered id belongs to the last group.
 */
export class CallPairing {
  readonly #calls: OpenCall[] = [];
  readonly #groups = new Map<string, Group>();

  /** `pairingKey` is what a result must state to answer the call; `providerId` is the call's id, if it has one. */
  call(pairingKey: string, providerId: string | undefined, call: FoundCall): void {
    const open: OpenCall = { call, providerId, results: [], inNewestTurn: false, callVisible: true };
    this.#calls.push(open);
    const group = this.#groups.get(pairingKey);
    if (group && !group.answered) group.calls.push(open);
    else this.#groups.set(pairingKey, { calls: [open], answered: false });
  }

  result(pairingKey: string, providerId: string | undefined, result: FoundResult): void {
    let group = this.#groups.get(pairingKey);
    if (!group) {
      group = { calls: [this.#invisible(providerId, result)], answered: true };
      this.#groups.set(pairingKey, group);
    }
    group.answered = true;
    for (const call of group.calls) {
      call.results.push(result.path);
      call.inNewestTurn ||= result.inNewestTurn;
    }
  }

  #invisible(providerId: string | undefined, result: FoundResult): OpenCall {
    const call: FoundCall = {
      name: result.name ?? 'unknown',
      ...(result.server === undefined ? {} : { server: result.server }),
      rawArguments: undefined,
      paramsStatus: 'not_object',
      serverSide: result.serverSide ?? false,
    };
    const open: OpenCall = { call, providerId, results: [], inNewestTurn: false, callVisible: false };
    this.#calls.push(open);
    return open;
  }

  /** The calls that have a result, in the order of the history. A call without one has not run. */
  executed(): ExecutedCall[] {
    const ids = new IdMaker();
    const executed: ExecutedCall[] = [];
    for (const open of this.#calls) {
      const id = ids.idOf(open.providerId, open.call);
      if (open.results.length === 0) continue;
      const { caller, serverSide, ...call } = open.call;
      executed.push({
        id,
        ...call,
        phase: 'executed',
        results: open.results,
        inNewestTurn: open.inNewestTurn,
        caller: caller ?? 'direct',
        serverSide: serverSide ?? false,
        callVisible: open.callVisible,
      });
    }
    return executed;
  }

  /** The calls that the provider runs itself and that have no result yet: they run with this very request. */
  pending(): RequestedCall[] {
    const ids = new IdMaker();
    return this.#calls
      .filter(({ call, results }) => call.serverSide && results.length === 0)
      .map(({ call, providerId }) => toRequestedCall(ids.idOf(providerId, call), call));
  }
}

/** Pairs calls and results that have no ids: the n-th result of a kind in a turn answers the n-th call of that kind. */
export class OrderPairing {
  readonly #pairing: CallPairing;
  #turn = 0;
  #calls = new Map<string, number>();
  #results = new Map<string, number>();

  constructor(pairing: CallPairing) {
    this.#pairing = pairing;
  }

  startTurn(): void {
    this.#turn += 1;
    this.#calls = new Map();
    this.#results = new Map();
  }

  call(kind: string, call: FoundCall): void {
    this.#pairing.call(this.#next(this.#calls, kind), undefined, call);
  }

  result(kind: string, result: FoundResult): void {
    this.#pairing.result(this.#next(this.#results, kind), undefined, result);
  }

  #next(counts: Map<string, number>, kind: string): string {
    const count = (counts.get(kind) ?? 0) + 1;
    counts.set(kind, count);
    return `turn:${this.#turn}:${kind}:${count}`;
  }
}

/** A found call as the model's request. */
export function toRequestedCall(id: string, found: FoundCall): RequestedCall {
  return {
    id,
    name: found.name,
    ...(found.server === undefined ? {} : { server: found.server }),
    paramsStatus: found.paramsStatus,
    ...(found.params === undefined ? {} : { params: found.params }),
    phase: 'requested',
    serverSide: found.serverSide ?? false,
  };
}

/**
 * Whether an id was made here, because the provider gave none or gave it twice. Such an id follows from a call's content
 * and place, so it does not tell a new call from an equal earlier one.
 */
export function isMadeId(id: string): boolean {
  return MADE_ID.test(id);
}

const MADE_ID = /~[0-9a-f]{24}~\d+~*$/;

/** Gives each call of one hook an id of its own that stays the same when the history grows. */
export class IdMaker {
  readonly #used = new Set<string>();
  readonly #counts = new Map<string, number>();

  idOf(providerId: string | undefined, call: FoundCall): string {
    if (providerId && !this.#used.has(providerId)) {
      this.#used.add(providerId);
      return providerId;
    }
    const digest = callDigest(call);
    const made = providerId ? `${providerId}~${digest}` : `call~${digest}`;
    const count = (this.#counts.get(made) ?? 0) + 1;
    this.#counts.set(made, count);
    const id = `${made}~${count}`;
    if (this.#used.has(id)) return this.idOf(providerId, call);
    this.#used.add(id);
    return id;
  }
}
