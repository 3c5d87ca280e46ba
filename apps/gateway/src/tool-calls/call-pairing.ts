import type { CallAnomaly, JsonObject } from '@iris/contracts';
import type { JsonPath } from '@iris/json-document';
import { CallIds } from './call-ids.js';
import type { ExecutedCall, RequestedCall } from './formats/llm-format.js';
import type { FoundCall, FoundResult } from './found-call.js';

/** Calls that share an id and are answered together. */
interface Group {
  calls: number;
  readonly results: JsonPath[];
  inNewestTurn: boolean;
  hasOtherName: boolean;
  /** A result is in a message of the model, which must go back as it came. */
  serverSide: boolean;
}

interface OpenCall {
  readonly call: FoundCall;
  readonly providerId: string | undefined;
  readonly group: Group;
  readonly callVisible: boolean;
}

/** The calls of a history, in its order; ids are unique over both lists. */
export interface PairedCalls {
  /** Calls with a result. */
  readonly executed: ExecutedCall[];
  /** Calls without a result. */
  readonly unanswered: RequestedCall[];
  /** Those among them that the provider runs, or may run, with this very request. */
  readonly pending: RequestedCall[];
}

/**
 * Pairs calls with results in the order of the history.
 *
 * Calls of the same id that are unanswered side by side share every result of that id, so that denying one of them
 * denies the result. After a result, the same id begins again. A result of an answered id belongs to the last group.
 * All calls of a group hold the same list of results, so the cost is linear in the number of calls and results.
 */
export class CallPairing {
  readonly #calls: OpenCall[] = [];
  readonly #groups = new Map<string, Group>();
  #paired: PairedCalls | undefined;

  /** `pairingKey` is what a result must state to answer the call; `providerId` is the call's id, if it has one. */
  call(pairingKey: string, providerId: string | undefined, call: FoundCall): void {
    let group = this.#groups.get(pairingKey);
    if (!group || group.results.length > 0) {
      group = emptyGroup();
      this.#groups.set(pairingKey, group);
    }
    group.calls += 1;
    this.#calls.push({ call, providerId, group, callVisible: true });
  }

  /** `calledName` is the name of the one call that the result answers, where the format pairs by more than an id. */
  result(pairingKey: string, providerId: string | undefined, result: FoundResult, calledName?: string): void {
    let group = this.#groups.get(pairingKey);
    if (!group) {
      group = emptyGroup();
      group.calls = 1;
      this.#groups.set(pairingKey, group);
      this.#calls.push({ call: invisibleCall(result), providerId, group, callVisible: false });
    }
    group.results.push(result.path);
    group.inNewestTurn ||= result.inNewestTurn;
    group.serverSide ||= result.serverSide ?? false;
    group.hasOtherName ||= calledName !== undefined && result.name !== undefined && result.name !== calledName;
  }

  /** Which calls have run and which have not. To be asked for when all of the history has been read. */
  paired(): PairedCalls {
    this.#paired ??= this.#pair();
    return this.#paired;
  }

  #pair(): PairedCalls {
    const ids = new CallIds();
    const executed: ExecutedCall[] = [];
    const unanswered: RequestedCall[] = [];
    const pending: RequestedCall[] = [];
    for (const { call: found, providerId, group, callVisible } of this.#calls) {
      const id = ids.idOf(providerId, found);
      if (group.results.length === 0) {
        const requested = toRequestedCall(id, found);
        unanswered.push(requested);
        if (found.serverSide || found.mayRunUnanswered) pending.push(requested);
        continue;
      }
      const { caller, serverSide, mayRunUnanswered, anomalies: own, ...call } = found;
      const anomalies = [...(own ?? []), ...anomaliesOf(group, callVisible)];
      executed.push({
        id,
        ...call,
        phase: 'executed',
        results: group.results,
        resultCount: group.results.length,
        inNewestTurn: group.inNewestTurn,
        caller: caller ?? 'direct',
        serverSide: (serverSide ?? false) || group.serverSide,
        callVisible,
        ...(anomalies.length === 0 ? {} : { anomalies }),
      });
    }
    return { executed, unanswered, pending };
  }

  /** The calls that have a result. */
  executed(): ExecutedCall[] {
    return this.paired().executed;
  }

  /** The calls that the provider runs itself and that have no result yet: they run with this very request. */
  pending(): RequestedCall[] {
    return this.paired().pending;
  }
}

function emptyGroup(): Group {
  return { calls: 0, results: [], inNewestTurn: false, hasOtherName: false, serverSide: false };
}

/** A result whose call is not in the request is judged as unknown, whatever it contains about itself. */
function invisibleCall(result: FoundResult): FoundCall {
  return {
    name: 'unknown',
    ...(result.server === undefined ? {} : { server: result.server }),
    rawArguments: undefined,
    paramsStatus: 'not_object',
    serverSide: result.serverSide ?? false,
  };
}

function anomaliesOf(group: Group, callVisible: boolean): CallAnomaly[] {
  const anomalies: CallAnomaly[] = [];
  if (!callVisible) anomalies.push('call_missing');
  if (group.calls > 1) anomalies.push('shared_id');
  if (group.results.length > 1) anomalies.push('several_results');
  if (group.hasOtherName) anomalies.push('name_mismatch');
  return anomalies;
}

/** The same reading of a body for all who ask, done once. */
export function oncePerBody(pair: (body: JsonObject) => PairedCalls): (body: JsonObject) => PairedCalls {
  const read = new WeakMap<JsonObject, PairedCalls>();
  return (body) => {
    const paired = read.get(body) ?? pair(body);
    read.set(body, paired);
    return paired;
  };
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
    ...(found.anomalies === undefined ? {} : { anomalies: found.anomalies }),
  };
}
