import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { listedEffects } from '@iris/call-effects';
import type { Effect, JsonObject } from '@iris/contracts';
import { type LocalPdp, startLocalPdp } from '@iris/local-pdp';
import { policyFiles, policyFolder } from '@iris/policy-files';
import { askAsGateway } from '@iris/replay';
import { stringify } from 'yaml';
import {
  CONDITION_VERSION,
  conditionPolicy,
  type NamedCondition,
  type PolicyKey,
  type RuleConditions,
} from './condition-policy.js';

export interface LocalQuestion {
  readonly principal: { readonly id: string; readonly roles: readonly string[]; readonly attr: JsonObject };
  readonly tool: string;
  /** Attributes of the call. */
  readonly attr: JsonObject;
}

/** A condition that is not true, with its value or the error of the PDP. */
export interface UnmetCondition {
  readonly condition: string;
  readonly value?: unknown;
  readonly error?: string;
}

export interface ExplainedRule {
  readonly rule: string;
  readonly effect: string;
  readonly outcome: 'met' | 'not met' | 'error';
  readonly unmet: readonly UnmetCondition[];
}

export interface LocalAnswer {
  readonly tool: string;
  readonly effect: Effect;
  readonly policyFound: boolean;
  readonly schemaErrors: readonly string[];
  /** The rules for this action, in the order of the policy. */
  readonly rules: readonly ExplainedRule[];
  readonly attr: JsonObject;
}

export interface LocalCheckOptions {
  readonly policies: string;
  readonly binary?: string;
  /** Time that replaces `now()` in the policies. */
  readonly time?: Date;
  readonly key: PolicyKey;
}

/** A PDP of this process with the given policies and with a policy that shows their conditions. */
export interface PolicyUnderTest {
  readonly local: LocalPdp;
  answer(question: LocalQuestion): Promise<LocalAnswer>;
  close(): Promise<void>;
}

/** @throws CliFault when the policies do not compile, or hold none of this kind, version and scope */
export async function policyUnderTest({ policies, binary, time, key }: LocalCheckOptions): Promise<PolicyUnderTest> {
  const copy = await mkdtemp(join(tmpdir(), 'iris-check-'));
  const remove = () => rm(copy, { recursive: true, force: true });
  try {
    await cp(policyFolder(policies).pack, copy, { recursive: true, dereference: true });
    if (time !== undefined) await fixClock(copy, time);
    const { policy, rules } = conditionPolicy(policyFiles(copy), key);
    await writeFile(join(copy, 'iris_conditions.yaml'), stringify(policy, { lineWidth: 0 }));
    const local = await startLocalPdp({ policies: copy, binary, strict: true });
    return {
      local,
      answer: (question) => answer(local, question, key, rules),
      close: async () => {
        await local.close();
        await remove();
      },
    };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** The clock of a PDP cannot be set, so the function that reads it is replaced. */
async function fixClock(folder: string, time: Date): Promise<void> {
  for (const { file, text } of policyFiles(folder)) {
    const fixed = text.replace(/\bnow\(\)/g, `timestamp('${time.toISOString()}')`);
    if (fixed !== text) await writeFile(join(folder, file), fixed);
  }
}

async function answer(
  local: LocalPdp,
  { principal, tool, attr }: LocalQuestion,
  key: PolicyKey,
  rules: readonly RuleConditions[],
): Promise<LocalAnswer> {
  const [result] = await askAsGateway(local.pdp, principal, [{ kind: key.kind, id: 'what_if', action: tool, attr }], {
    policyVersion: key.version,
    scope: key.scope,
  });
  const values = await conditionValues(local, principal, { kind: key.kind, action: tool, attr });
  return {
    tool,
    effect: result?.effect ?? 'DENY',
    policyFound: result?.policyFound ?? false,
    schemaErrors: result?.schemaErrors ?? [],
    // A rule for other actions has no output.
    rules: rules.filter(({ roles }) => values.has(roles.name)).map((rule) => explained(rule, values)),
    attr: { ...attr, ...(listedEffects(attr).length > 0 ? { effects: attr.effects ?? [] } : {}) },
  };
}

type Values = ReadonlyMap<string, { readonly val?: unknown; readonly error?: string }>;

async function conditionValues(
  local: LocalPdp,
  principal: LocalQuestion['principal'],
  { kind, action, attr }: { readonly kind: string; readonly action: string; readonly attr: JsonObject },
): Promise<Values> {
  const { results } = await local.checkByHttp({
    requestId: 'check: conditions',
    principal,
    resources: [{ actions: [action], resource: { kind, id: 'conditions', policyVersion: CONDITION_VERSION, attr } }],
  });
  return new Map(
    results.flatMap(({ outputs }) => outputs.map(({ src, ...value }) => [src.replace(/^.*#/, ''), value])),
  );
}

function explained({ rule, effect, roles, condition }: RuleConditions, values: Values): ExplainedRule {
  const unmet = [roles, ...(condition === undefined ? [] : [condition])].flatMap((one) => unmetIn(one, values, ''));
  const hasError =
    unmet.some(({ error }) => error !== undefined) && values.get(condition?.name ?? '')?.val === undefined;
  return { rule, effect, outcome: unmet.length === 0 ? 'met' : hasError ? 'error' : 'not met', unmet };
}

/** The innermost conditions that are not true, below a condition that is not. */
function unmetIn({ name, expr, parts }: NamedCondition, values: Values, parent: string): UnmetCondition[] {
  const value = values.get(name);
  if (value?.val === true) return [];
  const path = parent === '' ? expr : `${parent}: ${expr}`;
  const isVariable = parts.length === 1;
  const below = parts.flatMap((part) => unmetIn(part, values, isVariable ? expr : parent));
  // The definition of a negated variable is the opposite of the condition, but its error is the same.
  const inner = expr.startsWith('!') ? below.filter(({ error }) => error !== undefined) : below;
  if (inner.length > 0) return inner;
  return [{ condition: path, ...(value?.error === undefined ? { value: value?.val } : { error: value.error }) }];
}
