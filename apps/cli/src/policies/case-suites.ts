import type { Json } from '@iris/contracts';

type Attributes = { [key: string]: Json };

/** A principal or the call of a case. */
interface Principal {
  readonly id: string;
  readonly roles: string[];
  readonly attr: Attributes;
}

interface Call {
  readonly action: string;
  readonly attr: Attributes;
}

type Effect = 'ALLOW' | 'DENY';

/** A control needs this field: what other values of it change. */
interface Need {
  readonly path: string;
  readonly denied?: readonly Json[];
  readonly allowed?: readonly Json[];
  readonly absent?: Effect | 'none';
  readonly broken?: Effect | 'none';
  readonly rule?: string;
}

interface Case {
  readonly name: string;
  readonly principal: string;
  readonly call: string;
  readonly change?: Readonly<Record<string, Json | undefined>>;
  readonly expect: Effect;
  readonly rule?: string;
  readonly message?: string;
}

/** The content of `tests/cases.yaml`. */
export interface PolicyCases {
  readonly principals: Readonly<Record<string, Principal>>;
  readonly calls: Readonly<Record<string, Call>>;
  readonly controls: readonly {
    readonly name: string;
    readonly principal: string;
    readonly call: string;
    readonly rule: string;
    readonly needs: readonly Need[];
  }[];
  readonly cases: readonly Case[];
}

/** The rule that must have an output in a test, and its message when that is fixed. */
export interface ExpectedOutput {
  readonly rule: string;
  readonly message?: string;
  readonly expect: Effect;
}

interface Suite {
  readonly name: string;
  readonly principals: Record<string, Principal>;
  readonly resources: Record<string, { id: string; kind: string; policyVersion: string; attr: Attributes }>;
  readonly tests: {
    name: string;
    input: { principals: string[]; resources: string[]; actions: string[] };
    expected: { principal: string; resource: string; actions: Record<string, string> }[];
  }[];
}

export interface CaseSuite {
  readonly fileName: string;
  /** A test suite of Cerbos, ready to be written as YAML. */
  readonly suite: Suite;
  /** By the name of the test. */
  readonly outputs: Readonly<Record<string, ExpectedOutput>>;
}

interface Variant extends Omit<Case, 'expect'> {
  readonly expect?: Effect;
  readonly path?: string;
  readonly brokenExpect?: Effect;
}

/** One value of every JSON type, and null. */
const BROKEN_VALUES: readonly Json[] = [null, 7, true, 'text', ['text'], { key: 'text' }];

const KIND = 'aperture_hook';

/** Cerbos test suites made of cases: one for each control, and one for all further cases. */
export function caseSuites({ principals, calls, controls, cases }: PolicyCases): CaseSuite[] {
  const suites = controls.map((control, index) => ({
    fileName: `control_${String(index + 1).padStart(2, '0')}_test.yaml`,
    ...suiteOf(control.name, variations(control), principals, calls),
  }));
  return [...suites, { fileName: 'cases_test.yaml', ...suiteOf('Further cases', cases, principals, calls) }];
}

/** The control itself, then each field of it changed in turn. */
function variations({ principal, call, rule, needs }: PolicyCases['controls'][number]): Variant[] {
  const base = { principal, call };
  return [
    { ...base, name: 'as it is', expect: 'ALLOW', rule },
    ...needs.flatMap((need, index): Variant[] => {
      const { path, denied = [], allowed = [], absent = 'DENY', broken = 'DENY' } = need;
      const name = (what: string) => `${index + 1} ${path} ${what}`;
      const variant = (value: Json, expect: Effect) => ({
        ...base,
        name: name(`= ${JSON.stringify(value)}`),
        change: { [path]: value },
        expect,
      });
      return [
        ...denied.map((value) => ({ ...variant(value, 'DENY'), rule: need.rule })),
        ...allowed.map((value) => variant(value, 'ALLOW')),
        ...(absent === 'none'
          ? []
          : [{ ...base, name: name('absent'), change: { [path]: undefined }, expect: absent }]),
        ...(broken === 'none' ? [] : [{ ...base, name: name('broken'), path, brokenExpect: broken }]),
      ];
    }),
  ];
}

interface Subject {
  readonly principal: Principal;
  readonly resource: { readonly attr: Attributes };
}

function suiteOf(
  name: string,
  variants: readonly Variant[],
  principals: PolicyCases['principals'],
  calls: PolicyCases['calls'],
): Omit<CaseSuite, 'fileName'> {
  const suite: Suite = { name, principals: {}, resources: {}, tests: [] };
  const outputs: Record<string, ExpectedOutput> = {};
  const add = (variant: Variant, label: string, expect: Effect, { principal, resource }: Subject) => {
    const key = `c${suite.tests.length}`;
    suite.principals[key] = principal;
    suite.resources[key] = { id: key, kind: KIND, policyVersion: 'default', attr: resource.attr };
    const action = named(calls, variant.call, 'call').action;
    if (variant.rule) outputs[label] = { rule: variant.rule, message: variant.message, expect };
    suite.tests.push({
      name: label,
      input: { principals: [key], resources: [key], actions: [action] },
      expected: [{ principal: key, resource: key, actions: { [action]: `EFFECT_${expect}` } }],
    });
  };
  for (const variant of variants) {
    const subject: Subject = {
      principal: named(principals, variant.principal, 'principal'),
      resource: { attr: named(calls, variant.call, 'call').attr },
    };
    if (variant.path === undefined) {
      add(variant, variant.name, variant.expect ?? 'DENY', changed(subject, variant.change ?? {}));
      continue;
    }
    const type = typeOf(valueAt(subject, variant.path));
    for (const value of BROKEN_VALUES.filter((candidate) => typeOf(candidate) !== type)) {
      const label = `${variant.name} ${JSON.stringify(value)}`;
      add(variant, label, variant.brokenExpect ?? 'DENY', changed(subject, { [variant.path]: value }));
    }
  }
  return { suite, outputs };
}

function named<T>(all: Readonly<Record<string, T>>, name: string, what: string): T {
  const found = all[name];
  if (found === undefined) throw new Error(`tests/cases.yaml: there is no ${what} ${name}`);
  return found;
}

function changed(subject: Subject, changes: Readonly<Record<string, Json | undefined>>): Subject {
  const copy = structuredClone(subject);
  for (const [path, value] of Object.entries(changes)) {
    const keys = path.split('.');
    const last = keys.pop() ?? '';
    const parent = keys.reduce<Record<string, unknown>>(
      (node, key) => node[key] as Record<string, unknown>,
      copy as unknown as Record<string, unknown>,
    );
    if (value === undefined) delete parent[last];
    else parent[last] = value;
  }
  return copy;
}

function valueAt(subject: Subject, path: string): unknown {
  return path.split('.').reduce<unknown>((node, key) => (node as Record<string, unknown> | undefined)?.[key], subject);
}

function typeOf(value: unknown): string {
  return value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value;
}
