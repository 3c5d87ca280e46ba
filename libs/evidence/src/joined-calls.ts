import type { EvidenceRecord } from './record.js';

/** What a record states of one call, at one entry point. */
export type CallStatement = Pick<
  EvidenceRecord,
  | 'id'
  | 'time'
  | 'entryPoint'
  | 'event'
  | 'phase'
  | 'sessionId'
  | 'action'
  | 'effect'
  | 'reason'
  | 'mode'
  | 'reply'
  | 'enforced'
  | 'callKeys'
  | 'decisionKey'
>;

/** One call with what each entry point said of it, the oldest first. */
export interface JoinedCall {
  readonly statements: readonly CallStatement[];
}

/**
 * How far apart the statements on one call without a common id may be, in ms: from the hook before it to the request
 * that holds its result.
 */
const CONTENT_WINDOW_MS = 10 * 60_000;

interface Group {
  readonly statements: CallStatement[];
  readonly ids: Set<string>;
  lastAt: number;
}

/**
 * Joins the records of one call from several entry points: by the provider's id of the call, and where one of them has
 * none by equal content at about the same time. Two calls with ids of their own are two calls, and so are two statements
 * of one event. Records of a hook without a call, and second opinions, are left out. Linear.
 */
export function joinCalls(records: readonly CallStatement[]): JoinedCall[] {
  const groups: Group[] = [];
  const byId = new Map<string, Group>();
  const byContent = new Map<string, Group[]>();
  const sorted = records.filter(isAboutCall).toSorted((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0));
  for (const record of sorted) {
    const at = Date.parse(record.time);
    const ids = idsOf(record);
    const content = record.callKeys?.content;
    const open = content === undefined ? [] : stillOpen(byContent.get(content), at);
    const known = ids.map((id) => byId.get(id)).find((group) => group !== undefined);
    const group = known ?? open.find((candidate) => accepts(candidate, record));
    const joined = group ?? { statements: [], ids: new Set<string>(), lastAt: at };
    if (group === undefined) groups.push(joined);
    joined.statements.push(record);
    joined.lastAt = at;
    if (record.callKeys?.id !== undefined) joined.ids.add(record.callKeys.id);
    for (const id of ids) byId.set(id, joined);
    if (content !== undefined) byContent.set(content, open.includes(joined) ? open : [...open, joined]);
  }
  return groups.map(({ statements }) => ({ statements }));
}

function isAboutCall({ action, mode }: CallStatement): boolean {
  return action !== undefined && mode !== 'shadow';
}

/** Records of earlier releases have a key of the decision alone. */
function idsOf({ callKeys, decisionKey }: CallStatement): string[] {
  return [
    ...(callKeys?.id === undefined ? [] : [`call ${callKeys.id}`]),
    ...(decisionKey === undefined ? [] : [`decision ${decisionKey}`]),
  ];
}

/** Groups that a statement at this time may still belong to; bounded, so that many equal calls cost linear time. */
function stillOpen(groups: readonly Group[] = [], at: number): Group[] {
  return groups.filter(({ lastAt }) => at - lastAt <= CONTENT_WINDOW_MS).slice(-MAX_OPEN);
}

const MAX_OPEN = 20;

/** The events in the order in which one call passes them: the response, the hook, the call itself, its result. */
const STAGES: Readonly<Record<string, number>> = {
  entire_request: 0,
  tool_call_entire_request: 0,
  pre_tool_use: 1,
  mcp_tools_call: 2,
  pre_request: 3,
};

/** A statement of a stage that the call has passed is on another call, such as one that repeats it. */
function accepts({ statements, ids }: Group, { callKeys, event }: CallStatement): boolean {
  if (callKeys?.id !== undefined && ids.size > 0) return false;
  const stage = STAGES[event];
  return statements.every((other) => {
    if (other.event === event) return false;
    const earlier = STAGES[other.event];
    return stage === undefined || earlier === undefined || earlier <= stage;
  });
}
