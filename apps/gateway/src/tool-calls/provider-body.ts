import { isJsonObject, type JsonObject, type ReasonId } from '@iris/contracts';
import { applyEdits, type Edit, type JsonDocument } from '@iris/json-document';
import type { BodyDecisions, RewrittenBody } from '../protocol/hook-calls.js';
import { readKinds, SourcePaths, shownPath, unrecognisedCall, unrecognisedTool } from './closed-world/index.js';
import { FORMATS } from './formats/index.js';
import type {
  DeclaredTool,
  ExecutedCall,
  FormatId,
  LlmFormat,
  Redaction,
  RequestedCall,
} from './formats/llm-format.js';
import { withResultDigests } from './result-digest.js';

/** A provider body that was understood. */
export interface ReadBody {
  readonly status: 'read';
  readonly format: FormatId;
  /** Each tool and group once. */
  readonly declared: readonly DeclaredTool[];
  /** Calls whose results are in the body, in the order of the history; ids are unique. */
  readonly executed: readonly ExecutedCall[];
  /** Calls without a result that the provider runs with this request. */
  readonly pending: readonly RequestedCall[];
  /** Top-level fields that the format does not list, bounded in count and length. */
  readonly unknownFields: readonly string[];
  readonly document: JsonDocument;
  /** The body and its calls for the edits of the format, and the way back to the paths of the document. */
  readonly view: BodyView;
}

interface BodyView {
  readonly body: JsonObject;
  readonly executed: readonly ExecutedCall[];
  readonly paths: SourcePaths;
  /** Unrecognised tools that the format cannot remove from their list. */
  readonly fixedTools: readonly string[];
}

export type ReadBodyResult =
  | ReadBody
  | { readonly status: 'unreadable'; readonly reason: Extract<ReasonId, 'unknown_format'> }
  | {
      readonly status: 'unreadable';
      readonly reason: Extract<ReasonId, 'body_unreadable'>;
      /** Where in the body, and what is wrong there. */
      readonly detail: string;
    };

/** As `RewrittenBody`, of a body that is a text. */
export type TextRewrite =
  | Exclude<RewrittenBody, { status: 'rewritten' }>
  | { readonly status: 'rewritten'; readonly text: string };

/** Takes the place of a notice without any visible character, which some providers refuse. */
const DEFAULT_NOTICE = 'Denied by policy.';

/**
 * Reads a provider's request body: which format it has, which tools it offers, which calls it reports as done.
 *
 * @param body the document of the body: a whole text, or a part such as `hook.at(['request_body'])`
 * @param url URL or path of the request to Aperture; its end identifies the format, or else the body
 */
export function readProviderBody(body: JsonDocument, url: string): ReadBodyResult {
  const format = isJsonObject(body.value) ? detectFormat(url, body.value) : undefined;
  if (!format || !isJsonObject(body.value)) return { status: 'unreadable', reason: 'unknown_format' };
  const reading = format.kinds ? readKinds(format.kinds, body.value) : readAsIs(body.value);
  if (reading.status === 'unreadable') {
    const detail = `${shownPath(reading.path)}: ${reading.problem}`;
    return { status: 'unreadable', reason: 'body_unreadable', detail };
  }
  const { paths } = reading;
  const executed = format.executedCalls(reading.body);
  const declared = format.declaredTools(reading.body);
  const missing = reading.tools
    .map((type) => unrecognisedTool(format.id, type))
    .filter(({ key }) => !declared.some((tool) => tool.key === key));
  return {
    status: 'read',
    format: format.id,
    declared: missing.length === 0 ? declared : [...declared, ...missing],
    executed: withResultDigests(
      [...inSource(executed, paths), ...reading.calls.map((nodes) => unrecognisedCall(format.id, nodes))],
      body,
    ),
    pending: format.pendingCalls?.(reading.body) ?? [],
    unknownFields: reading.unknownFields,
    document: body,
    view: { body: reading.body, executed, paths, fixedTools: missing.map(({ key }) => key) },
  };
}

/** The calls with the paths of the body as it was sent; calls that share a list of results still share it. */
function inSource(executed: readonly ExecutedCall[], paths: SourcePaths): readonly ExecutedCall[] {
  if (paths.same) return executed;
  const lists = new Map<ExecutedCall['results'], ExecutedCall['results']>();
  return executed.map((call) => {
    const results = lists.get(call.results) ?? call.results.map((path) => paths.of(path));
    lists.set(call.results, results);
    return { ...call, results };
  });
}

function readAsIs(body: JsonObject) {
  return { status: 'read' as const, body, paths: new SourcePaths(), calls: [], tools: [], unknownFields: [] };
}

/**
 * Removes tools and replaces results on the text of the body; all else stays as it was, character for character.
 * The same decisions give the same text on every turn, and on an already rewritten body `unchanged`.
 */
export function rewriteProviderBody(read: ReadBody, decisions: BodyDecisions): TextRewrite {
  const format = FORMATS.find((candidate) => candidate.id === read.format);
  if (!format) throw new Error('a body that was read has a format');
  const { body, paths, fixedTools } = read.view;
  const toolKey = fixedTools.find((key) => decisions.strip.has(key));
  if (toolKey !== undefined) return { status: 'not_representable', toolKey };
  const unrecognised = read.executed.filter((call) => call.unrecognised && decisions.redact.has(call.id));
  const held = unrecognised.length === 0 ? undefined : resultsThatHold(unrecognised, read, decisions.redact);
  if (held?.status === 'not_representable') return held;
  const planned: Edit[] = [];
  if (decisions.strip.size > 0) {
    const plan = format.strip(body, decisions.strip, (path) => read.document.source(paths.of(path)));
    if (plan.status === 'not_representable') return plan;
    planned.push(...plan.edits);
  }
  const redactions = redactionsOf(read.view.executed, held?.redact ?? decisions.redact);
  if (redactions.length > 0) {
    const plan = format.redact(redactions, body);
    if (plan.status === 'not_representable') return plan;
    planned.push(...plan.edits);
  }
  const edits = planned.map((edit) => paths.edit(edit)).filter((edit) => edit !== undefined);
  if (edits.length < planned.length) return { status: 'not_representable' };
  if (edits.length === 0) return { status: 'unchanged' };
  const text = applyEdits(read.document, edits);
  return text === read.document.source() ? { status: 'unchanged' } : { status: 'rewritten', text };
}

/** One redaction for each list of results: calls that are answered together need only one. */
/**
 * The notices with those of unrecognised nodes moved to the results that hold the nodes. A node outside of every result
 * cannot be redacted.
 */
function resultsThatHold(
  unrecognised: readonly ExecutedCall[],
  read: ReadBody,
  notices: ReadonlyMap<string, string>,
): { status: 'moved'; redact: ReadonlyMap<string, string> } | { status: 'not_representable'; callId: string } {
  const redact = new Map(notices);
  const holders = new Map<string, string>();
  // Calls of one group share their list, and denying one of them denies all results in it.
  const lists = new Set<ExecutedCall['results']>();
  for (const call of read.executed) {
    if (call.unrecognised || lists.has(call.results)) continue;
    lists.add(call.results);
    for (const path of call.results) holders.set(JSON.stringify(path), call.id);
  }
  for (const { id, results } of unrecognised) {
    for (const path of results) {
      const held = path.flatMap((_, depth) => holders.get(JSON.stringify(path.slice(0, depth))) ?? []);
      if (held.length === 0) return { status: 'not_representable', callId: id };
      for (const holder of held) if (!redact.has(holder)) redact.set(holder, notices.get(id) ?? '');
    }
  }
  return { status: 'moved', redact };
}

function redactionsOf(executed: readonly ExecutedCall[], notices: ReadonlyMap<string, string>): Redaction[] {
  const byResults = new Map<ExecutedCall['results'], Redaction>();
  for (const call of executed) {
    const notice = notices.get(call.id);
    if (notice === undefined || (byResults.has(call.results) && !call.serverSide)) continue;
    byResults.set(call.results, { call, notice: notice.trim() === '' ? DEFAULT_NOTICE : notice });
  }
  return [...byResults.values()];
}

/** The path decides where it can; a body that does not fit its path is of no known format. */
function detectFormat(url: string, body: JsonObject): LlmFormat | undefined {
  const path = pathOf(url);
  const byPath = FORMATS.find((format) => format.matchesPath(path));
  if (byPath) return byPath.accepts(body, path) ? byPath : undefined;
  const byBody = FORMATS.filter((format) => format.matchesBody(body));
  return byBody.length === 1 ? byBody[0] : undefined;
}

/** The path of a URL without query, fragment and final slash; escapes stay, so an id with `%2F` is one segment. */
function pathOf(url: string): string {
  const end = url.search(/[?#]/);
  return (end === -1 ? url : url.slice(0, end)).replace(/\/+$/, '');
}
