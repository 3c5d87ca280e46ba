import { isJsonObject, type Json, type JsonObject } from '@iris/contracts';
import type { FormatId, ResponseCall } from '../formats/llm-format.js';
import { idOf } from '../json-access.js';
import { listed, statedKind, type Union } from './kinds.js';
import { unrecognisedName } from './unrecognised.js';

/** The elements of a list in a response. One object is a list of one; a text and null hold no node. */
export function elementsOf(value: Json | undefined): readonly Json[] {
  if (Array.isArray(value)) return value;
  return value === undefined || value === null || typeof value === 'string' ? [] : [value];
}

/** The objects of such a list. Other elements are reported by `unlistedCalls`. */
export function nodesOf(value: Json | undefined): JsonObject[] {
  return elementsOf(value).filter(isJsonObject);
}

/**
 * What the elements of a list in a response hold that the union does not list, as calls of their kinds: a response is
 * judged where it may not be understood.
 */
export function unlistedCalls(format: FormatId, union: Union, value: Json | undefined): ResponseCall[] {
  const calls: ResponseCall[] = [];
  for (const element of elementsOf(value)) {
    for (const type of unlistedTypes(union, element)) {
      const name = unrecognisedName(format, type);
      const id = isJsonObject(element) ? idOf(element.id) : undefined;
      calls.push({ id, found: { name, rawArguments: element, paramsStatus: 'not_object', serverSide: true } });
    }
  }
  return calls;
}

function unlistedTypes(union: Union, element: Json): string[] {
  if (!isJsonObject(element)) return element === null ? ['null'] : [Array.isArray(element) ? 'array' : typeof element];
  if (typeof union.by !== 'string') {
    return Object.keys(element).filter((key) => element[key] !== null && !listed(union, key));
  }
  const kind = statedKind(union, element);
  if (kind === undefined) return Object.keys(element).length === 0 ? [] : ['untyped'];
  return listed(union, kind) ? [] : [kind];
}
