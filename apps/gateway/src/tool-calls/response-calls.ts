import { isJsonObject, type Json, type JsonObject } from '@iris/contracts';
import { type FoundCall, IdMaker, toRequestedCall } from './call-pairing.js';
import { FORMATS } from './formats/index.js';
import type { RequestedCall } from './formats/llm-format.js';
import { textOf } from './json-access.js';
import { messagesOf } from './response-messages.js';
import { paramsFromText } from './tool-params.js';

/** The fields of a post-response hook that can tell which calls the model asked for. */
export interface ResponseSources {
  /** `[{name, params}]` as Aperture extracts them. */
  readonly tool_calls?: unknown;
  /** The response as JSON, or a text of JSON or server-sent events. */
  readonly response_body?: unknown;
  /** Server-sent events as texts or objects, or one whole response. */
  readonly raw_responses?: unknown;
}

/** The calls of a response, and whether the sources agree. */
export interface ResponseCalls {
  /** Every call that any source names; with ids where a source has them. */
  readonly calls: readonly RequestedCall[];
  /** Which sources were present and could be read. */
  readonly sources: readonly SourceName[];
  /** Sources that were present, not empty, and of no form that the gateway reads. */
  readonly unreadable: readonly SourceName[];
  /** Set when two sources name different calls: what each of the readable ones names. */
  readonly mismatch?: Readonly<Partial<Record<SourceName, readonly string[]>>>;
}

export type SourceName = 'tool_calls' | 'response_body' | 'raw_responses';

/**
 * The calls that the model asked for, from all sources of a post-response hook. A call that only one source names is
 * a mismatch and is reported: a source that misses calls must not hide them. Calls that the provider runs itself are
 * not expected in `tool_calls`.
 */
export function readResponseCalls(sources: ResponseSources): ResponseCalls {
  const unreadable: SourceName[] = [];
  const read = new Map<SourceName, RequestedCall[]>();
  const take = (source: SourceName, value: unknown, reader: (value: Json) => RequestedCall[] | undefined) => {
    if (value === undefined || value === null) return;
    const calls = reader(value as Json);
    if (calls) read.set(source, calls);
    else unreadable.push(source);
  };
  // The order is that of how much a source tells of a call.
  take('response_body', sources.response_body, callsOfResponse);
  take('raw_responses', sources.raw_responses, callsOfResponse);
  take('tool_calls', sources.tool_calls, callsOfList);
  const calls: RequestedCall[] = [];
  const ids = new Set<string>();
  let differs = false;
  for (const [, candidates] of read) {
    const missing = calls.length === 0 ? candidates : notIn(calls, candidates);
    for (const call of missing) {
      let id = call.id;
      while (ids.has(id)) id += '~';
      ids.add(id);
      calls.push({ ...call, id });
    }
  }
  for (const [source, candidates] of read) {
    const expected = source === 'tool_calls' ? calls.filter((call) => !call.serverSide) : calls;
    if (notIn(candidates, expected).length > 0) differs = true;
  }
  const mismatch = differs
    ? Object.fromEntries([...read].map(([source, named]) => [source, named.map((call) => call.name)]))
    : undefined;
  return { calls, sources: [...read.keys()], unreadable, ...(mismatch ? { mismatch } : {}) };
}

/** The wanted calls that have no equal among the known ones, each known one standing for one wanted one. */
function notIn(known: readonly RequestedCall[], wanted: readonly RequestedCall[]): RequestedCall[] {
  const counts = new Map<string, number>();
  for (const call of known) counts.set(contentOf(call), (counts.get(contentOf(call)) ?? 0) + 1);
  return wanted.filter((call) => {
    const left = counts.get(contentOf(call)) ?? 0;
    counts.set(contentOf(call), left - 1);
    return left <= 0;
  });
}

/** An absent, an empty and a `{}` parameter list are the same call told by two sources. */
function contentOf(call: RequestedCall): string {
  return JSON.stringify([call.name, sorted(call.params ?? {})]);
}

function sorted(value: Json): Json {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isJsonObject(value)) return value;
  return Object.keys(value)
    .sort()
    .map((key) => [key, sorted(value[key] ?? null)]);
}

function callsOfList(value: Json): RequestedCall[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const ids = new IdMaker();
  return value.filter(isJsonObject).map((entry) => {
    const call: FoundCall = {
      name: textOf(entry.name) ?? 'unknown',
      rawArguments: entry.params,
      ...paramsFromText(entry.params),
    };
    return toRequestedCall(ids.idOf(undefined, call), call);
  });
}

function callsOfResponse(value: Json): RequestedCall[] | undefined {
  const messages = messagesOf(value);
  if (!messages) return undefined;
  if (messages.length === 0) return [];
  const only = messages.length === 1 ? messages[0] : undefined;
  return (only && firstReading((format) => format.responseCalls(only))) ?? streamed(messages);
}

function streamed(messages: readonly JsonObject[]): RequestedCall[] | undefined {
  return firstReading((format) => format.streamedCalls(messages));
}

function firstReading(
  read: (format: (typeof FORMATS)[number]) => RequestedCall[] | undefined,
): RequestedCall[] | undefined {
  for (const format of FORMATS) {
    const calls = read(format);
    if (calls) return calls;
  }
  return undefined;
}
