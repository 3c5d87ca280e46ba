import { isDeepStrictEqual } from 'node:util';
import { isJsonObject, type Json, type JsonObject } from '@iris/contracts';
import type { LookupResult } from '../enricher-definition.js';

/** A copy of a vendor's answer with one fault. */
export interface FixtureFault {
  /** Which field, and what happened to it. */
  readonly name: string;
  readonly json: Json;
}

/** How ServiceNow, Workday and others show a reference that is not asked for as a value. */
const SHOWN = { display_value: 'Shown', link: 'https://vendor.example/record/1' };

/**
 * Every fault of every field of an answer: dropped, null, of other types, and given twice. Rows of a list are dropped
 * from nowhere: a list that lost a row is another answer.
 */
export function* fixtureFaults(fixture: Json): Generator<FixtureFault> {
  for (const path of pathsOf(fixture)) {
    const value = valueAt(fixture, path);
    const isRow = typeof path.at(-1) === 'number';
    const name = path.join('.');
    if (!isRow) yield { name: `${name} dropped`, json: changed(fixture, path, undefined) };
    yield { name: `${name} null`, json: changed(fixture, path, null) };
    for (const other of othersThan(value)) {
      yield { name: `${name} ${JSON.stringify(other).slice(0, 40)}`, json: changed(fixture, path, other) };
    }
    yield { name: `${name} twice`, json: isRow ? doubled(fixture, path) : changed(fixture, path, [value, value]) };
  }
}

/** What must hold of facts that are read from a faulty answer. */
export interface FaultExpectation {
  /** Facts of the whole answer. */
  readonly whole: LookupResult;
  /** Facts whose end the answer's end is. */
  readonly ending?: readonly string[];
  /** Whether another value of a fact is stricter than that of the whole answer; by its path. */
  readonly stricter?: (fact: string, value: Json) => boolean;
}

/**
 * What is wrong with a result of a faulty answer, beside facts that are left out: a fact with another value, an empty
 * one, a new one, a person who is not found any more, or an answer that lasts longer. Empty when all is well.
 */
export function faultsOfLookupResult(
  { whole, ending = [], stricter }: FaultExpectation,
  result: LookupResult,
): string[] {
  if (whole.status !== 'FOUND') throw new Error('the whole answer has no facts');
  if (result.status === 'NOT_FOUND') return [`not found: ${result.reason}`];
  const before = flat(whole.attributes);
  const wrong = [...flat(result.attributes)].flatMap(([fact, value]) =>
    isSameOrLess(value, before.get(fact)) || stricter?.(fact, value) ? [] : [`${fact} is ${JSON.stringify(value)}`],
  );
  const bounded = ending.some((fact) => flat(result.attributes).has(fact));
  const lasts = whole.endsAt !== undefined && (result.endsAt ?? Number.POSITIVE_INFINITY) > whole.endsAt;
  return bounded && lasts ? [...wrong, 'the answer ends later'] : wrong;
}

/** Whether a value is the same, except for fields that an object in a list lacks. */
function isSameOrLess(value: Json, before: Json | undefined): boolean {
  if (Array.isArray(value) && Array.isArray(before)) {
    return value.length === before.length && value.every((item, index) => isSameOrLess(item, before[index]));
  }
  if (isJsonObject(value) && isJsonObject(before)) {
    return Object.entries(value).every(([key, inner]) => isSameOrLess(inner, before[key]));
  }
  return isDeepStrictEqual(value, before);
}

type Path = readonly (string | number)[];

function* pathsOf(value: Json, above: Path = []): Generator<Path> {
  if (above.length > 0) yield above;
  if (Array.isArray(value)) for (const [index, item] of value.entries()) yield* pathsOf(item, [...above, index]);
  else if (isJsonObject(value))
    for (const key of Object.keys(value)) yield* pathsOf(value[key] as Json, [...above, key]);
}

function valueAt(value: Json, path: Path): Json {
  let at: unknown = value;
  for (const step of path) at = (at as Record<string | number, unknown>)[step];
  return at as Json;
}

function changed(fixture: Json, path: Path, value: Json | undefined): Json {
  const copy = structuredClone(fixture);
  const parent = valueAt(copy, path.slice(0, -1)) as Record<string | number, Json | undefined>;
  const key = path.at(-1) as string | number;
  if (value === undefined) delete parent[key];
  else parent[key] = value;
  return copy;
}

function doubled(fixture: Json, path: Path): Json {
  const copy = structuredClone(fixture);
  const rows = valueAt(copy, path.slice(0, -1)) as Json[];
  rows.push(structuredClone(rows[path.at(-1) as number] as Json));
  return copy;
}

/** Values of every other type. */
function othersThan(value: Json): Json[] {
  const kind = Array.isArray(value) ? 'list' : value === null ? 'null' : typeof value;
  const candidates: [string, Json][] = [
    ['string', 'unheard of'],
    ['number', 7],
    ['boolean', true],
    ['boolean', false],
    ['object', SHOWN],
    ['list', [SHOWN]],
  ];
  return candidates.filter(([type]) => type !== kind && kind !== 'null').map(([, other]) => other);
}

/** Facts by their path; lists and empty objects are facts. */
function flat(attributes: JsonObject, above = ''): Map<string, Json> {
  const facts = new Map<string, Json>();
  for (const [key, value] of Object.entries(attributes)) {
    if (isJsonObject(value)) for (const entry of flat(value, `${above}${key}.`)) facts.set(...entry);
    else facts.set(`${above}${key}`, value);
  }
  return facts;
}
