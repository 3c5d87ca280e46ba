import { stringify } from 'yaml';
import type { Usage } from './observations.js';

/** A rule that allows what was seen, and nothing else. */
export interface DraftRule {
  readonly name: string;
  readonly department: string;
  readonly category: string;
  readonly operation: string;
  readonly environment?: string;
  readonly tools: readonly string[];
  readonly calls: number;
  readonly people: number;
}

export interface Draft {
  readonly rules: readonly DraftRule[];
  /** What was seen and is left to a person to decide, with the reason. */
  readonly left: readonly { readonly usage: Usage; readonly why: string }[];
}

export interface DraftOptions {
  /** Uses seen less often than this are left out. */
  readonly minCalls: number;
}

/** What may be suggested without a person's decision. Deleting, exporting, production and what was denied are not. */
const SUGGESTED_OPERATIONS = ['read', 'write', 'execute'];
/** Characters that have a meaning in the actions of Cerbos' rules. */
const GLOB = /[*?[\]{}\\!]/;

/** Narrow first rules for what was seen: one for each department, category, operation and environment. */
export function draftRules(usages: Iterable<Usage>, options: DraftOptions): Draft {
  const groups = new Map<string, Usage[]>();
  const left: { usage: Usage; why: string }[] = [];
  for (const usage of usages) {
    const why = reasonToLeave(usage, options);
    if (why !== undefined) {
      left.push({ usage, why });
      continue;
    }
    const key = JSON.stringify([usage.department, usage.category, usage.operation, usage.environment ?? null]);
    groups.set(key, [...(groups.get(key) ?? []), usage]);
  }
  const names = new Set<string>();
  const rules = [...groups.keys()].sort().flatMap((key) => ruleOf(groups.get(key) ?? [], names));
  return { rules, left: left.sort((a, b) => b.usage.calls - a.usage.calls) };
}

function reasonToLeave(usage: Usage, { minCalls }: DraftOptions): string | undefined {
  if (usage.category === 'unrecognised') return 'no format lists this kind; the catalog admits it below recognised:';
  if (usage.category === 'uncategorised') return 'the tool is not in the catalog';
  if (!SUGGESTED_OPERATIONS.includes(usage.operation)) return `the operation is ${usage.operation}`;
  if (usage.environment === 'production') return 'it acts on production';
  if (GLOB.test(usage.tool) || usage.tool === '') return 'the name cannot be in a rule as it is';
  if (usage.denied > 0) return `the policies denied it ${usage.denied} times`;
  return usage.calls < minCalls ? `seen less than ${minCalls} times` : undefined;
}

function ruleOf(usages: readonly Usage[], names: Set<string>): DraftRule[] {
  const [first] = usages;
  if (first === undefined) return [];
  const { department, category, operation, environment } = first;
  const people = new Set(usages.flatMap((usage) => usage.people.sorted()));
  return [
    {
      name: uniqueName([department, category, operation, environment].filter(Boolean).join('-'), names),
      ...{ department, category, operation, environment },
      tools: [...new Set(usages.map(({ tool }) => tool))].sort(),
      calls: usages.reduce((sum, { calls }) => sum + calls, 0),
      people: people.size,
    },
  ];
}

function uniqueName(text: string, names: Set<string>): string {
  const base =
    text
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-')
      .replace(/^-+|-+$/g, '')
      .slice(0, 80) || 'rule';
  let name = base;
  for (let count = 2; names.has(name); count += 1) name = `${base}-${count}`;
  names.add(name);
  return name;
}

const INACTIVE =
  '("employmentStatus" in P.attr && P.attr.employmentStatus == "terminated") || ("okta" in P.attr && "live" in P.attr.okta && P.attr.okta.live == false)';

/** The rules as a resource policy of Cerbos. Conditions guard what they read, so that strict evaluation denies nothing else. */
export function draftPolicyText(rules: readonly DraftRule[], kind: string, version: string): string {
  const policy = {
    apiVersion: 'api.cerbos.dev/v1',
    description: 'A draft made of what was seen. Read every rule before it decides anything.',
    resourcePolicy: {
      resource: kind,
      version,
      rules: [
        {
          name: 'inactive-account',
          actions: ['*'],
          effect: 'EFFECT_DENY',
          roles: ['*'],
          condition: { match: { expr: INACTIVE } },
          output: {
            when: {
              ruleActivated: literal({
                message: 'This account is suspended or the employment has ended.',
                statusCode: 403,
              }),
            },
          },
        },
        ...rules.map((rule) => ({
          name: rule.name,
          actions: rule.tools,
          effect: 'EFFECT_ALLOW',
          roles: ['user'],
          condition: { match: { all: { of: conditionsOf(rule).map((expr) => ({ expr })) } } },
          output: {
            when: {
              ruleActivated: literal({
                allowed_by: `draft: ${rule.department} was seen doing this (calls: ${rule.calls}, people: ${rule.people})`,
              }),
            },
          },
        })),
      ],
    },
  };
  return stringify(policy, { lineWidth: 0 });
}

function conditionsOf({ department, category, operation, environment }: DraftRule): string[] {
  return [
    isEqual('P', 'department', department),
    isEqual('R', 'category', category),
    isEqual('R', 'operation', operation),
    environment === undefined ? '!("environment" in R.attr)' : isEqual('R', 'environment', environment),
  ];
}

function isEqual(of: 'P' | 'R', attribute: string, value: string): string {
  return `"${attribute}" in ${of}.attr && ${of}.attr.${attribute} == ${literal(value)}`;
}

/** JSON is a literal of CEL as well. */
function literal(value: unknown): string {
  return JSON.stringify(value);
}

interface TestCase {
  readonly name: string;
  readonly principal: Record<string, unknown>;
  readonly resource: Record<string, unknown>;
  readonly action: string;
  readonly effect: 'EFFECT_ALLOW' | 'EFFECT_DENY';
}

/** Tests of the draft: each rule allows what it is for, and each thing that it demands is proved by its want. */
export function draftTestText(rules: readonly DraftRule[], kind: string, version: string): string {
  const cases = rules.flatMap(casesOf);
  const suite = {
    name: 'Draft',
    description: 'Each case changes one thing that its rule demands.',
    principals: Object.fromEntries(
      cases.map(({ principal }, index) => [`c${index}`, { id: `c${index}`, roles: ['user'], attr: principal }]),
    ),
    resources: Object.fromEntries(
      cases.map(({ resource }, index) => [
        `c${index}`,
        { id: `c${index}`, kind, policyVersion: version, attr: resource },
      ]),
    ),
    tests: cases.map(({ name, action, effect }, index) => ({
      name,
      input: { principals: [`c${index}`], resources: [`c${index}`], actions: [action] },
      expected: [{ principal: `c${index}`, resource: `c${index}`, actions: { [action]: effect } }],
    })),
  };
  return stringify(suite, { lineWidth: 0, aliasDuplicateObjects: false });
}

function casesOf(rule: DraftRule): TestCase[] {
  const { department, category, operation, environment } = rule;
  const [action = ''] = rule.tools;
  const principal = { department, employmentStatus: 'active' };
  const resource = { category, operation, ...(environment === undefined ? {} : { environment }) };
  const deny = (what: string, change: Partial<TestCase>): TestCase => ({
    ...{ name: `${rule.name}: ${what}`, principal, resource, action, effect: 'EFFECT_DENY' },
    ...change,
  });
  return [
    ...rule.tools.map(
      (tool): TestCase => ({
        name: `${rule.name}: ${tool}`,
        principal,
        resource,
        action: tool,
        effect: 'EFFECT_ALLOW',
      }),
    ),
    deny('another department', { principal: { ...principal, department: 'none of those that were seen' } }),
    deny('no department', { principal: { employmentStatus: 'active' } }),
    deny('employment ended', { principal: { ...principal, employmentStatus: 'terminated' } }),
    deny('another environment', { resource: { ...resource, environment: 'none of those that were seen' } }),
    deny('another operation', { resource: { ...resource, operation: 'delete' } }),
    deny('another category', { resource: { ...resource, category: 'none of those that were seen' } }),
    deny('a tool that was not seen', { action: 'a_tool_that_was_not_seen' }),
  ];
}
