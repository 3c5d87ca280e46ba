const OPERATORS = [
  'NOT LIKE',
  'NOT IN',
  'STARTSWITH',
  'ENDSWITH',
  'ISNOTEMPTY',
  'ISEMPTY',
  'LIKE',
  'IN',
  '!=',
  '>=',
  '<=',
  '=',
  '>',
  '<',
] as const;

type Operator = (typeof OPERATORS)[number];

interface Condition {
  readonly field: string;
  readonly operator: Operator;
  readonly value: string;
}

/** A parsed `sysparm_query`. Parts that cannot be read are not in it. */
export interface EncodedQuery {
  /** `^NQ` begins a branch; in a branch each clause must hold; in a clause one condition must (`^OR`). */
  readonly branches: readonly (readonly (readonly Condition[])[])[];
  readonly order: readonly { readonly field: string; readonly descending: boolean }[];
}

const CONDITION = new RegExp(`^([a-z_][a-z0-9_.]*)(${OPERATORS.join('|')})(.*)$`, 's');
const ORDER = /^ORDERBY(DESC)?([a-z_][a-z0-9_.]*)$/;

/**
 * Reads an encoded query as the vendor does: `^` always separates, there is no escape, and what makes no sense is
 * dropped silently.
 */
export function parseEncodedQuery(text: string): EncodedQuery {
  const branches: Condition[][][] = [[]];
  const order: { field: string; descending: boolean }[] = [];
  for (const part of text.split('^')) {
    const ordering = ORDER.exec(part);
    if (ordering?.[2] !== undefined) {
      order.push({ field: ordering[2], descending: ordering[1] !== undefined });
      continue;
    }
    let rest = part;
    const newBranch = rest.startsWith('NQ');
    const or = !newBranch && rest.startsWith('OR');
    if (newBranch || or) rest = rest.slice(2);
    if (newBranch) branches.push([]);
    const condition = parseCondition(rest);
    if (condition === undefined) continue;
    const branch = branches.at(-1) ?? [];
    const clause = branch.at(-1);
    if (or && clause !== undefined) clause.push(condition);
    else branch.push([condition]);
  }
  return { branches, order };
}

function parseCondition(text: string): Condition | undefined {
  const [, field, operator, value] = CONDITION.exec(text) ?? [];
  if (field === undefined || operator === undefined) return undefined;
  return { field, operator: operator as Operator, value: value ?? '' };
}

/** How a query sees a table. */
export interface QueryContext<Row> {
  /** Whether the table has the (possibly dot-walked) field; a condition on another one is dropped. */
  hasField(field: string): boolean;
  valueOf(row: Row, field: string): string;
  /** What a `javascript:` value evaluates to on the server. */
  evaluate(script: string): string;
}

/** Makes the test of one row. */
export function rowFilter<Row>(query: EncodedQuery, context: QueryContext<Row>): (row: Row) => boolean {
  const branches = query.branches.map((branch) =>
    branch
      .map((clause) => clause.filter((condition) => context.hasField(condition.field)))
      .filter((clause) => clause.length > 0)
      .map((clause) => clause.map((condition) => conditionFilter(condition, context))),
  );
  return (row) => branches.some((branch) => branch.every((clause) => clause.some((holds) => holds(row))));
}

function conditionFilter<Row>(condition: Condition, context: QueryContext<Row>): (row: Row) => boolean {
  const text = condition.value.startsWith('javascript:')
    ? context.evaluate(condition.value.slice('javascript:'.length))
    : condition.value;
  const wanted = text.toLowerCase();
  const list = new Set(wanted.split(','));
  return (row) => {
    const value = context.valueOf(row, condition.field).toLowerCase();
    switch (condition.operator) {
      case '=':
        return value === wanted;
      case '!=':
        return value !== wanted;
      case 'LIKE':
        return value.includes(wanted);
      case 'NOT LIKE':
        return !value.includes(wanted);
      case 'STARTSWITH':
        return value.startsWith(wanted);
      case 'ENDSWITH':
        return value.endsWith(wanted);
      case 'IN':
        return list.has(value);
      case 'NOT IN':
        return !list.has(value);
      case 'ISEMPTY':
        return value === '';
      case 'ISNOTEMPTY':
        return value !== '';
      case '>':
        return value !== '' && order(value, wanted) > 0;
      case '>=':
        return value !== '' && order(value, wanted) >= 0;
      case '<':
        return value !== '' && order(value, wanted) < 0;
      case '<=':
        return value !== '' && order(value, wanted) <= 0;
    }
  };
}

const NUMBER = /^-?\d{1,15}$/;

/** Whole numbers by size, other texts (dates among them) by their characters. */
function order(left: string, right: string): number {
  if (NUMBER.test(left) && NUMBER.test(right)) return Number(left) - Number(right);
  return left < right ? -1 : left > right ? 1 : 0;
}

/** Puts rows in the query's order. */
export function inOrder<Row>(rows: readonly Row[], query: EncodedQuery, context: QueryContext<Row>): readonly Row[] {
  const keys = query.order.filter((key) => context.hasField(key.field));
  if (keys.length === 0) return rows;
  const keyed = rows.map((row) => ({ row, values: keys.map((key) => context.valueOf(row, key.field)) }));
  keyed.sort((left, right) => {
    for (const [index, key] of keys.entries()) {
      const compared = order(left.values[index] ?? '', right.values[index] ?? '');
      if (compared !== 0) return key.descending ? -compared : compared;
    }
    return 0;
  });
  return keyed.map(({ row }) => row);
}

/** The `field=value` conditions that every row of the answer must meet, for a look-up in an index. */
export function requiredEqualities(query: EncodedQuery): readonly { readonly field: string; readonly value: string }[] {
  const [only, ...others] = query.branches;
  if (only === undefined || others.length > 0) return [];
  return only
    .filter((clause) => clause.length === 1)
    .flat()
    .filter((condition) => condition.operator === '=' && !condition.value.startsWith('javascript:'));
}
