/** What a reader typed for a fact: a value, or why it is none. */
export type TypedValue = { readonly value: unknown } | { readonly problem: string };

/**
 * Reads what was typed for a fact. Where the fact is a text it is a text, unless it is in quotes; elsewhere it is JSON of
 * the same type: `false`, `3`, `["a"]`.
 */
export function typedValue(text: string, recorded: unknown): TypedValue {
  const parsed = parse(text);
  if (recorded === undefined) return { value: parsed === undefined ? text : parsed };
  if (typeof recorded === 'string') return { value: typeof parsed === 'string' ? parsed : text };
  if (parsed === undefined) return { problem: `Write JSON, for example ${JSON.stringify(recorded)?.slice(0, 60)}.` };
  if (recorded !== null && kindOf(parsed) !== kindOf(recorded)) {
    return { problem: `The fact is ${kindOf(recorded)}; this is ${kindOf(parsed)}.` };
  }
  return { value: parsed };
}

/** A fact as it would be typed. */
export function typedText(value: unknown): string {
  if (value === undefined) return '';
  return typeof value === 'string' && typeof parse(value) !== 'string' ? value : JSON.stringify(value);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (value === null) return 'null';
  return { string: 'a text', number: 'a number', boolean: 'true or false' }[typeof value as string] ?? 'an object';
}
