import { hash } from 'node:crypto';
import { ENFORCEABLE_EVENTS, type Json, type ToolCall } from '@iris/contracts';
import { stringify } from 'safe-stable-stringify';
import { contentDigest } from '../calls/content-digest.js';
import { isMadeId } from '../calls/made-ids.js';
import type { DecisionRequest } from '../shared/decision-request.js';

/**
 * Whose verdicts a hook reads and writes: one person on one device with one client and the same rights, in one session.
 * A digest, so that no login and no capability is part of a key.
 */
export type VerdictScope = string;

/** One name under which the verdict on a call is kept. */
export interface VerdictKey {
  readonly id: string;
  /** Digest of the call's content; a verdict that was given on other content does not count. */
  readonly content: string;
}

/** How the verdict on a call is kept. */
export interface VerdictKeys {
  readonly names: readonly VerdictKey[];
  /** Whether an earlier verdict counts. */
  readonly recalled: boolean;
}

/**
 * Without a session, ids are unique inside one request at most; without either, nothing is remembered and every call is evaluated again.
 *
 */
export function verdictScope(request: DecisionRequest): VerdictScope | undefined {
  const { sessionId, requestId, userAgent, who } = request;
  const session = sessionId || (requestId ? `request:${requestId}` : undefined);
  if (session === undefined) return undefined;
  const { kind, id, nodeId, tailnet, capabilities } = who;
  const about = [kind, id, nodeId ?? null, tailnet ?? null, capabilities ?? {}, userAgent ?? null, session];
  // A policy may decide on them, so a verdict without them is none with them.
  const fields = [...(request.unknownFields ?? [])].sort();
  return digest(fields.length === 0 ? about : [...about, fields]);
}

/**
 * Under which names the verdict on each call is remembered.
 *
 * - A call in a history: its own id, so that each turn that resends it gets the same verdict. An id that was made here
 *   does not identify a call whose result is new, so such a call is evaluated again.
 * - A call of a response: its provider's id, for the history that will hold it; and an id made of the request, for the
 *   other event of the request, which may carry no ids.
 * - A call that is about to run: none. What was right for an equal call before may not be now.
 */
export function verdictKeys(request: DecisionRequest, calls: readonly ToolCall[]): Map<ToolCall, VerdictKeys> {
  if (ENFORCEABLE_EVENTS.has(request.event)) {
    const executed = request.event === 'pre_request' ? calls.filter(({ phase }) => phase === 'executed') : [];
    return new Map(
      executed.map((call) => [
        call,
        { names: [ownName(call)], recalled: !(isMadeId(call.id) && call.inNewestTurn !== false) },
      ]),
    );
  }
  const { requestId } = request;
  const counts = new Map<string, number>();
  return new Map(
    calls.map((call) => {
      const names = isMadeId(call.id) ? [] : [ownName(call)];
      if (requestId) names.push(nameInRequest(requestId, call, counts));
      return [call, { names, recalled: true }];
    }),
  );
}

function ownName(call: ToolCall): VerdictKey {
  return {
    id: call.id,
    content: call.contentDigest ?? contentDigest(call),
  };
}

/** Of the request, the content and the count of equal calls before. */
function nameInRequest(requestId: string, { name, params }: ToolCall, counts: Map<string, number>): VerdictKey {
  const content = digest([name, params ?? {}]);
  const before = counts.get(content) ?? 0;
  counts.set(content, before + 1);
  return { id: `request:${requestId}:${content}:${before}`, content };
}

/** Of equal values by equal texts: two events may print the same parameters in another order of keys. */
function digest(parts: Json): string {
  return hash('sha256', stringify(parts), 'base64url');
}
