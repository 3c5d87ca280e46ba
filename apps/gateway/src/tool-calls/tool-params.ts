import { hash } from 'node:crypto';
import { isJsonObject, type Json, type JsonObject, type ToolParams } from '@iris/contracts';
import { DEFAULT_MAX_NODES, parseDocument } from '@iris/json-document';

/** How deep arguments inside a text may nest. */
const ARGUMENTS_MAX_DEPTH = 100;

/** Values that the argument texts read so far leave to those of the same hook. */
let valuesLeft = DEFAULT_MAX_NODES;

/**
 * Reads a hook with one limit for the values in all its argument texts. To the body such a text is a single value, so its
 * own limit does not count them. Reading a hook is synchronous, so the count belongs to one hook at a time.
 */
export function withArgumentLimit<T>(maxNodes: number, read: () => T): T {
  valuesLeft = maxNodes;
  try {
    return read();
  } finally {
    valuesLeft = DEFAULT_MAX_NODES;
  }
}

/**
 * Parameters from a format that carries them as an object. Absent and null are `not_object`: they are not the same as
 * `{}`, and a policy that looks for a parameter must see the difference.
 */
export function paramsFromObject(value: Json | undefined): ToolParams {
  if (!isJsonObject(value)) return { paramsStatus: 'not_object' };
  return finite(value) ? { paramsStatus: 'ok', params: value } : { paramsStatus: 'unparsed' };
}

/**
 * Parameters from a format that carries them as JSON inside a text. The empty text is what clients send for a tool
 * without parameters, so it is `empty` and has the parameters `{}`. A text that is no JSON, or in which an object has
 * a key twice, or that exceeds what the argument texts of a hook may hold, is `unparsed`; JSON that is no object is
 * `not_object`. A value that is no text is judged as it is.
 */
export function paramsFromText(value: Json | undefined): ToolParams {
  if (typeof value !== 'string') return paramsFromObject(value);
  if (value === '') return { paramsStatus: 'empty', params: {} };
  const parsed = parseDocument(value, { maxDepth: ARGUMENTS_MAX_DEPTH, maxNodes: valuesLeft });
  if (parsed.ok) valuesLeft -= parsed.nodes;
  return parsed.ok ? paramsFromObject(parsed.document.value) : { paramsStatus: 'unparsed' };
}

/** Parameters of a tool whose input is free text: the text under the name `input`, as the wire calls it. */
export function paramsFromFreeText(value: Json | undefined): ToolParams {
  return typeof value === 'string' ? { paramsStatus: 'ok', params: { input: value } } : paramsFromObject(value);
}

/** A number such as 1e400 is read as infinity, which no policy can be asked about. */
function finite(value: Json): boolean {
  if (typeof value === 'number') return Number.isFinite(value);
  if (typeof value !== 'object' || value === null) return true;
  for (const member of Array.isArray(value) ? value : Object.values(value)) if (!finite(member)) return false;
  return true;
}

/** What identifies a call beside its id: the same call has the same digest on every turn. */
export interface CallContent {
  readonly name: string;
  readonly server?: string;
  readonly rawArguments: Json | undefined;
}

/** A short digest of name, server and arguments. It does not reveal the arguments. */
export function callDigest(call: CallContent): string {
  const content: JsonObject = { name: call.name, server: call.server ?? null, arguments: call.rawArguments ?? null };
  return hash('sha256', JSON.stringify(content)).slice(0, 24);
}
