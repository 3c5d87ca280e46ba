import type { Json, JsonObject } from '@iris/contracts';
import { compile, TreeInterpreter } from '@jmespath-community/jmespath';

/** A longer value, in UTF-16 code units, is not read: it counts as one that nobody recognises. */
const MAX_VALUE_LENGTH = 4096;

/** More values, nested ones and containers included, are not read. */
const MAX_VALUES = 500;

/** More text in all, in UTF-16 code units, is not read, so that no parameters make the classification slow. */
const MAX_TOTAL_LENGTH = 16_384;

/** Picks a value from parameters; null when there is none. */
export type Picker = (params: JsonObject) => Json;

/** The texts that an expression picks from parameters. */
export interface PickedValues {
  readonly values: readonly string[];
  /** Whether something was picked that could not be read: a value too long, or too many. */
  readonly unreadable: boolean;
}

/**
 * Picks the texts below what JMESPath expressions select, arrays and nested objects included; numbers and booleans as
 * text, null as nothing. An expression that fails on these parameters picks nothing and counts as unreadable.
 */
export function pickValues(params: JsonObject, pickers: readonly Picker[]): PickedValues {
  const pending: Json[] = pickers.map((pick) => pick(params)).reverse();
  const values: string[] = [];
  let unreadable = false;
  let read = 0;
  let length = 0;
  for (let value = pending.pop(); value !== undefined; value = pending.pop()) {
    read += 1;
    if (read > MAX_VALUES) {
      return { values, unreadable: true };
    }
    if (typeof value === 'object' && value !== null) {
      pending.push(
        ...Object.values(value)
          .slice(0, MAX_VALUES + 1)
          .reverse(),
      );
    } else if (value !== null && value !== '') {
      const text = String(value);
      length += text.length;
      if (length > MAX_TOTAL_LENGTH) {
        return { values, unreadable: true };
      }
      if (text.length <= MAX_VALUE_LENGTH) {
        values.push(text);
      } else {
        unreadable = true;
      }
    }
  }
  return { values, unreadable };
}

const UNREADABLE = 'x'.repeat(MAX_VALUE_LENGTH + 1);

/**
 * Compiles a JMESPath expression.
 *
 * @throws {Error} when it is not one.
 */
export function compilePicker(expression: string): Picker {
  const node = compile(expression);
  return (params) => {
    try {
      return (TreeInterpreter.search(node, params) as Json | undefined) ?? null;
    } catch {
      return UNREADABLE;
    }
  };
}
