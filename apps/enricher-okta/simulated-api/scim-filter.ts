/** A value that a filter compares with. */
type Literal = string | number | boolean | null;

/** A parsed `search` or `filter` expression. */
export type FilterExpression =
  | { readonly kind: 'and' | 'or'; readonly parts: readonly FilterExpression[] }
  | { readonly kind: 'not'; readonly part: FilterExpression }
  | { readonly kind: 'present'; readonly attribute: string }
  | { readonly kind: 'compare'; readonly attribute: string; readonly operator: Operator; readonly value: Literal };

const OPERATORS = ['eq', 'ge', 'gt', 'le', 'lt', 'sw', 'co'] as const;
type Operator = (typeof OPERATORS)[number];

/** A text that is no filter expression. */
export class FilterSyntaxError extends Error {
  override readonly name = 'FilterSyntaxError';
}

const TOKEN = /\s*(?:([()])|("(?:[^"\\]|\\["\\/bfnrt]|\\u[0-9a-fA-F]{4})*")|([^\s()"]+))/y;
const MOST_NESTED = 50;

/**
 * Parses Okta's SCIM-like filter language: `attribute op value`, `pr`, `and`, `or`, `not`, parentheses.
 *
 * @throws FilterSyntaxError
 */
export function parseFilter(text: string): FilterExpression {
  const tokens = tokenize(text);
  let position = 0;
  const peek = () => tokens[position]?.toLowerCase();
  const take = (): string => {
    const token = tokens[position++];
    if (token === undefined) throw new FilterSyntaxError('ends too early');
    return token;
  };

  const either = (depth: number): FilterExpression => joined('or', () => joined('and', () => single(depth)));
  const joined = (kind: 'and' | 'or', part: () => FilterExpression): FilterExpression => {
    const first = part();
    const parts = [first];
    while (peek() === kind) {
      take();
      parts.push(part());
    }
    return parts.length === 1 ? first : { kind, parts };
  };
  const single = (depth: number): FilterExpression => {
    if (depth > MOST_NESTED) throw new FilterSyntaxError('nested too deep');
    if (peek() === 'not') {
      take();
      return { kind: 'not', part: single(depth + 1) };
    }
    if (peek() === '(') {
      take();
      const inner = either(depth + 1);
      if (take() !== ')') throw new FilterSyntaxError('misses a )');
      return inner;
    }
    return comparison(take, take);
  };

  const expression = either(0);
  if (position < tokens.length) throw new FilterSyntaxError(`does not expect ${tokens[position]}`);
  return expression;
}

function comparison(takeName: () => string, take: () => string): FilterExpression {
  const attribute = takeName();
  if (!/^[A-Za-z_][\w.]*$/.test(attribute)) throw new FilterSyntaxError(`${attribute} is no attribute`);
  const operator = take().toLowerCase();
  if (operator === 'pr') return { kind: 'present', attribute };
  if (!OPERATORS.includes(operator as Operator)) throw new FilterSyntaxError(`${operator} is no operator`);
  return { kind: 'compare', attribute, operator: operator as Operator, value: literal(take()) };
}

function literal(token: string): Literal {
  if (/^(?:"|-?\d|true$|false$|null$)/.test(token)) {
    try {
      return JSON.parse(token) as Literal;
    } catch {
      throw new FilterSyntaxError(`${token} is no value`);
    }
  }
  throw new FilterSyntaxError(`${token} is no value`);
}

function tokenize(text: string): string[] {
  const tokens: string[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.trimEnd().length) {
    const at = TOKEN.lastIndex;
    const match = TOKEN.exec(text);
    if (match === null) throw new FilterSyntaxError(`cannot be read from character ${at} on`);
    tokens.push(match[1] ?? match[2] ?? match[3] ?? '');
  }
  return tokens;
}

/** The attributes that an expression names. */
export function attributesOf(expression: FilterExpression): string[] {
  switch (expression.kind) {
    case 'and':
    case 'or':
      return expression.parts.flatMap(attributesOf);
    case 'not':
      return attributesOf(expression.part);
    default:
      return [expression.attribute];
  }
}

/** Whether the record fits. Texts are compared without regard to case; RFC 3339 times as instants. */
export function matchesFilter(expression: FilterExpression, record: unknown): boolean {
  switch (expression.kind) {
    case 'and':
      return expression.parts.every((part) => matchesFilter(part, record));
    case 'or':
      return expression.parts.some((part) => matchesFilter(part, record));
    case 'not':
      return !matchesFilter(expression.part, record);
    case 'present':
      return read(record, expression.attribute).length > 0;
    case 'compare':
      return read(record, expression.attribute).some((value) => compare(value, expression.operator, expression.value));
  }
}

/** All values at a dotted path; a list counts as each of its items. */
function read(record: unknown, path: string): unknown[] {
  let values: unknown[] = [record];
  for (const name of path.split('.')) {
    values = values.flatMap((value) =>
      typeof value === 'object' && value !== null && Object.hasOwn(value, name)
        ? [(value as Record<string, unknown>)[name]].flat()
        : [],
    );
  }
  return values.filter((value) => value !== null && value !== undefined && value !== '');
}

const INSTANT = /^\d{4}-\d{2}-\d{2}T[\d:.]+(?:Z|[+-]\d{2}:\d{2})$/;

function compare(value: unknown, operator: Operator, wanted: Literal): boolean {
  if (typeof value === 'string' && typeof wanted === 'string') {
    if (INSTANT.test(value) && INSTANT.test(wanted)) return ordered(Date.parse(value), operator, Date.parse(wanted));
    const [left, right] = [value.toLowerCase(), wanted.toLowerCase()];
    if (operator === 'sw') return left.startsWith(right);
    if (operator === 'co') return left.includes(right);
    return ordered(left, operator, right);
  }
  if (typeof value === 'number' && typeof wanted === 'number') return ordered(value, operator, wanted);
  return operator === 'eq' && value === wanted;
}

function ordered<T extends string | number>(left: T, operator: Operator, right: T): boolean {
  switch (operator) {
    case 'eq':
      return left === right;
    case 'gt':
      return left > right;
    case 'ge':
      return left >= right;
    case 'lt':
      return left < right;
    case 'le':
      return left <= right;
    default:
      return false;
  }
}
