import { isJsonObject, type Json, type JsonObject } from '@iris/contracts';
import { stringify } from 'safe-stable-stringify';
import type { ResponseSource } from '../protocol/hook-calls.js';
import { CallIds } from './call-ids.js';
import { toRequestedCall } from './call-pairing.js';
import { FORMATS } from './formats/index.js';
import type { RequestedCall, ResponseCall } from './formats/llm-format.js';
import type { FoundCall } from './found-call.js';
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
  /** Which sources were present and could be read, at least in part. */
  readonly sources: readonly ResponseSource[];
  /** Sources of which a part is of no form that the gateway reads, so that it may hold calls that are not listed. */
  readonly unreadable: readonly ResponseSource[];
  /** Set when two sources name different calls: what each of the readable ones names. */
  readonly mismatch?: Readonly<Partial<Record<ResponseSource, readonly string[]>>>;
}

interface SourceReading {
  readonly calls: readonly ResponseCall[];
  /** Whether anything of the source was read. */
  readonly readable: boolean;
  readonly complete: boolean;
  /** Nothing is in it, so that it is no evidence of a call that others miss. */
  readonly empty?: boolean;
}

/**
 * The calls that the model asked for, from all sources of a post-response hook. A call that only one source names is
 * a mismatch and is reported: a source that misses calls must not hide them. Calls that the provider runs itself are
 * not expected in `tool_calls`. Absent, null and empty sources are the same: they say nothing.
 */
export function readResponseCalls(sources: ResponseSources): ResponseCalls {
  const unreadable: ResponseSource[] = [];
  const read = new Map<ResponseSource, readonly KeyedCall[]>();
  const empty = new Set<ResponseSource>();
  const take = (source: ResponseSource, value: unknown, reader: (value: Json) => SourceReading) => {
    if (value === undefined || value === null) return;
    const reading = reader(value as Json);
    if (reading.readable) read.set(source, reading.calls.map(keyed));
    if (reading.empty) empty.add(source);
    if (!reading.complete) unreadable.push(source);
  };
  // Ordered by how well a source identifies a call.
  take('response_body', sources.response_body, callsOfResponse);
  take('raw_responses', sources.raw_responses, callsOfResponse);
  take('tool_calls', sources.tool_calls, callsOfList);
  const all = unionOf(read.values());
  const differs = [...read].some(
    ([source, calls]) =>
      !empty.has(source) &&
      notIn(calls, source === 'tool_calls' ? all.filter(({ call }) => !call.found.serverSide) : all).length > 0,
  );
  const mismatch = differs
    ? Object.fromEntries([...read].map(([source, named]) => [source, named.map(({ call }) => call.found.name)]))
    : undefined;
  const ids = new CallIds();
  const calls = all.map(({ call: { id, found } }) => toRequestedCall(ids.idOf(id, found), found));
  return { calls, sources: [...read.keys()], unreadable, ...(mismatch ? { mismatch } : {}) };
}

/** A call with what makes it equal to one of another source: an absent, an empty and a `{}` parameter list do. */
interface KeyedCall {
  readonly call: ResponseCall;
  readonly key: string;
}

function keyed(call: ResponseCall): KeyedCall {
  return { call, key: stringify([call.found.name, call.found.params ?? {}]) };
}

/** All calls of the first list, and of each other list those that the ones before it lack. */
function unionOf(lists: Iterable<readonly KeyedCall[]>): readonly KeyedCall[] {
  let all: KeyedCall[] = [];
  for (const list of lists) all = all.length === 0 ? [...list] : all.concat(notIn(all, list));
  return all;
}

/** The wanted calls that have no equal among the known ones, each known one standing for one wanted one. */
function notIn(known: readonly KeyedCall[], wanted: readonly KeyedCall[]): KeyedCall[] {
  const counts = new Map<string, number>();
  for (const { key } of known) counts.set(key, (counts.get(key) ?? 0) + 1);
  return wanted.filter(({ key }) => {
    const left = counts.get(key) ?? 0;
    counts.set(key, left - 1);
    return left <= 0;
  });
}

/** One object counts as a list of one. */
function callsOfList(value: Json): SourceReading {
  const entries = Array.isArray(value) ? value : [value];
  const objects = entries.filter(isJsonObject);
  const calls = objects.map((entry): ResponseCall => {
    const found: FoundCall = {
      name: textOf(entry.name) ?? 'unknown',
      rawArguments: entry.params,
      ...paramsFromText(entry.params),
    };
    return { id: undefined, found };
  });
  const complete = objects.length === entries.length;
  return { calls, readable: calls.length > 0 || complete, complete };
}

function callsOfResponse(value: Json): SourceReading {
  const readings = messagesOf(value).map(({ messages, complete }) => readMessages(messages, complete));
  return {
    calls: unionOf(readings.map(({ calls }) => calls.map(keyed))).map(({ call }) => call),
    readable: readings.some(({ readable }) => readable),
    complete: readings.length === 1 && readings[0]?.complete === true,
    empty: readings.every((reading) => reading.empty),
  };
}

/** Each format reads the messages that are of its form; a message that has the form of two is read as both. */
function readMessages(messages: readonly JsonObject[], complete: boolean): SourceReading {
  const calls: ResponseCall[] = [];
  const left = new Set(messages.filter((message) => !isNeutral(message)));
  const isAnyKnown = left.size < messages.length || (messages.length === 0 && complete);
  let readable = isAnyKnown;
  for (const format of FORMATS) {
    const own = messages.filter((message) => format.isResponse(message));
    if (own.length === 0) continue;
    readable = true;
    for (const message of own) left.delete(message);
    for (const call of format.responseCalls(own)) calls.push(call);
  }
  return { calls, readable, complete: complete && left.size === 0, empty: messages.length === 0 };
}

/** What every provider may send in place of a response, or between its parts: errors and signs of life. */
function isNeutral(message: JsonObject): boolean {
  if (message.type === 'ping' || message.type === 'error') return true;
  return Object.keys(message).every((key) => NEUTRAL_FIELDS.has(key));
}

const NEUTRAL_FIELDS = new Set([
  'error',
  'status',
  'message',
  'code',
  'detail',
  'request_id',
  'requestId',
  'request-id',
]);
