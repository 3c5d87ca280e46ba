import type { Excuse, PolicyFile, PolicyRule } from '@iris/policy-files';
import { z } from 'zod';
import { demandsRole } from './demanded-role.js';

/** A reason has more than one word. */
const MIN_REASON_LENGTH = 10;

/**
 * What the compiler accepts and nobody means. One line for each error: file, line, rule, and how to fix it.
 *
 * @param isTested whether a test that passes needs the rule
 */
export function lintRules(rules: readonly PolicyRule[], isTested: (rule: PolicyRule) => boolean): string[] {
  const names = new Map<string, PolicyRule>();
  return rules.flatMap((rule) => {
    const found: string[] = [];
    const add = (text: string) => found.push(`${rule.file.shown}:${rule.line}: rule ${nameOf(rule)} ${text}`);
    const key = `${rule.file.file} ${rule.document} ${rule.name}`;
    if (!rule.name) add('has no name: outputs and evidence name the rule that decided, so give it one');
    else if (names.has(key)) add(`has the name of the rule in line ${names.get(key)?.line}: name each rule once`);
    else names.set(key, rule);
    if (!rule.hasOutput) {
      add('has no output for ruleActivated: without one no record shows that the rule decided');
    }
    if (rule.kind === 'resource') lintRoles(rule, add);
    if (rule.effect === 'EFFECT_ALLOW') {
      const fix =
        'list roles or derivedRoles without "*", or put "…" in runtime.effectiveDerivedRoles into the condition, or excuse it by the comment # lint: no-role <reason>';
      excusable(rule, 'no-role', demandsRole(rule), `allows without a role: ${fix}`, add);
    }
    const what = rule.effect === 'EFFECT_ALLOW' ? 'allows' : 'denies';
    excusable(
      rule,
      'no-test',
      isTested(rule),
      `has no test: no passing test has a call that it ${what}; add one, or excuse it by the comment # lint: no-test <reason>`,
      add,
    );
    return found;
  });
}

function lintRoles(rule: PolicyRule, add: (text: string) => void): void {
  if (rule.roles.length + rule.derivedRoles.length === 0) add('has no roles: no principal ever matches it');
  if (rule.effect === 'EFFECT_DENY' && !rule.roles.includes('*')) {
    add('denies for some roles only, which does not stop another role of the same person: use roles: ["*"]');
  }
}

function excusable(
  { excuses }: PolicyRule,
  excuse: Excuse,
  isMet: boolean,
  problem: string,
  add: (text: string) => void,
): void {
  const reason = excuses.get(excuse);
  if (reason === undefined) {
    if (!isMet) add(problem);
  } else if (isMet) add(`has the comment lint: ${excuse}, which it does not need: remove the comment`);
  else if (reason.length < MIN_REASON_LENGTH) add(`has the comment lint: ${excuse} without a reason: write one`);
}

function nameOf({ name, path }: PolicyRule): string {
  return name || `number ${Number(path.at(-1)) + 1}`;
}

const scopedSchema = z.looseObject({ scope: z.string().optional(), scopePermissions: z.string().optional() });
const policySchema = z.looseObject({
  resourcePolicy: scopedSchema.optional(),
  principalPolicy: scopedSchema.optional(),
  rolePolicy: scopedSchema.optional(),
});

/** The PDP decides at random when policies of one scope differ in scopePermissions, and reports nothing. */
export function lintScopes(files: readonly PolicyFile[]): string[] {
  const byScope = new Map<string, { shown: string; permissions: string }>();
  return files.flatMap(({ shown, documents }) =>
    documents.flatMap((document) => {
      const policy = policySchema.safeParse(document.errors.length > 0 ? undefined : document.toJS());
      if (!policy.success) return [];
      const body = policy.data.resourcePolicy ?? policy.data.principalPolicy ?? policy.data.rolePolicy;
      if (body === undefined) return [];
      const scope = body.scope ?? '';
      const permissions = body.scopePermissions ?? 'SCOPE_PERMISSIONS_OVERRIDE_PARENT';
      const first = byScope.get(scope);
      if (first === undefined) byScope.set(scope, { shown, permissions });
      else if (first.permissions !== permissions) {
        return [
          `${shown}: scope "${scope}" has scopePermissions ${permissions}, but ${first.permissions} in ${first.shown}: use one for all policies of a scope`,
        ];
      }
      return [];
    }),
  );
}
