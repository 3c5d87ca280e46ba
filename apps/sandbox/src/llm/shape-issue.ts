import type { z } from 'zod';

/** The one fault of a body that a provider would report. */
export interface ShapeIssue {
  path: (string | number)[];
  kind: 'missing' | 'type' | 'unknown_key' | 'other';
  /** For `type`: what was wanted (`string`, `array`, `object`, `number`, `boolean`). */
  expected: string;
  input: unknown;
  message: string;
}

type RawIssue = z.core.$ZodIssue;

/** Picks the issue that lies deepest: the branch of a union that the sender most likely meant. */
function deepest(issues: readonly RawIssue[], prefix: PropertyKey[]): { issue: RawIssue; path: PropertyKey[] } {
  let best: { issue: RawIssue; path: PropertyKey[] } | undefined;
  for (const issue of issues) {
    const path = [...prefix, ...issue.path];
    const branches = issue.code === 'invalid_union' ? issue.errors.filter((branch) => branch.length > 0) : [];
    const found = branches.length > 0 ? branches.map((branch) => deepest(branch, path)) : [{ issue, path }];
    for (const candidate of found) if (!best || candidate.path.length > best.path.length) best = candidate;
  }
  if (!best) throw new TypeError('a failed parse has at least one issue');
  return best;
}

/** Parses `body`; on failure throws what `refuse` makes of the fault. */
export function parseShape<Schema extends z.ZodType>(
  schema: Schema,
  body: unknown,
  refuse: (issue: ShapeIssue) => Error,
): z.output<Schema> {
  const parsed = schema.safeParse(body, { reportInput: true });
  if (parsed.success) return parsed.data;
  const { issue, path } = deepest(parsed.error.issues, []);
  const plain = path.map((part) => (typeof part === 'number' ? part : String(part)));
  if (issue.code === 'unrecognized_keys') {
    throw refuse({
      path: [...plain, ...issue.keys.slice(0, 1)],
      kind: 'unknown_key',
      expected: '',
      input: undefined,
      message: issue.message,
    });
  }
  const missing =
    issue.input === undefined &&
    (issue.code === 'invalid_type' || issue.code === 'invalid_union' || issue.code === 'invalid_value');
  const expected =
    issue.code === 'invalid_type' ? issue.expected.replace('record', 'object').replace('int', 'number') : '';
  const kind = missing ? 'missing' : issue.code === 'invalid_type' ? 'type' : 'other';
  throw refuse({ path: plain, kind, expected, input: issue.input, message: issue.message });
}

/** `messages[0].content` */
export function bracketPath(path: readonly (string | number)[]): string {
  return path.map((part, at) => (typeof part === 'number' ? `[${part}]` : at === 0 ? part : `.${part}`)).join('');
}

/** The JSON type of a value with its article, as OpenAI words it. */
export function jsonTypeName(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'object') return 'an object';
  return typeof value === 'number' && Number.isInteger(value) ? 'an integer' : `a ${typeof value}`;
}
