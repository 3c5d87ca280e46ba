// Rules for policies that the compiler does not check.

/**
 * @param policies the parsed policies, each with the path of its file
 * @returns one line for each fault
 */
export function lintPolicies(policies) {
  return [...policies.flatMap(({ file, policy }) => lintRules(file, policy)), ...lintScopes(policies)];
}

/** A rule without a name cannot be told from others in outputs, one without an output not at all. */
function lintRules(file, policy) {
  const rules = policy.resourcePolicy?.rules ?? policy.principalPolicy?.rules?.flatMap(({ actions }) => actions) ?? [];
  const names = new Set();
  return rules.flatMap((rule, index) => {
    const at = `${file}: rule ${rule.name ?? `number ${index + 1}`}`;
    const faults = [];
    if (!rule.name) {
      faults.push(`${at} has no name`);
    } else if (names.has(rule.name)) {
      faults.push(`${at} has the name of another rule`);
    }
    names.add(rule.name);
    if (!rule.output?.when?.ruleActivated) {
      faults.push(`${at} has no output for ruleActivated`);
    }
    if (rule.effect === 'EFFECT_DENY' && policy.resourcePolicy && !rule.roles?.includes('*')) {
      faults.push(`${at} denies for some roles only, which does not stop another role of the same person: use ["*"]`);
    }
    if (!rule.roles?.length && !rule.derivedRoles?.length && policy.resourcePolicy) {
      faults.push(`${at} has no roles`);
    }
    if (rule.effect === 'EFFECT_ALLOW' && isAboutTools(policy) && !demandsRole(rule)) {
      faults.push(
        `${at} allows without a role: name derivedRoles, or have the condition demand one by "…" in runtime.effectiveDerivedRoles`,
      );
    }
    return faults;
  });
}

/** The version `observe` allows every call, to record it. */
function isAboutTools({ resourcePolicy }) {
  return resourcePolicy?.resource === 'aperture_hook' && resourcePolicy.version !== 'observe';
}

/** By its roles, or in its condition: `all` asks for each part, so one of them is enough. */
function demandsRole(rule) {
  if (rule.derivedRoles?.length > 0) return true;
  return rule.roles?.includes('*') === false || demands(rule.condition?.match);
}

function demands(match) {
  if (match === undefined) return false;
  if (match.all) return match.all.of.some(demands);
  if (match.any) return match.any.of.every(demands);
  const parts = conjunctsOf(match.expr ?? '');
  return parts.some((part) => /^[^!|]*\bruntime\.effectiveDerivedRoles\b[^|]*$/.test(part));
}

/** The parts of a CEL expression that `&&` joins outside brackets; one part when `||` stands there. */
function conjunctsOf(expression) {
  const parts = [''];
  let depth = 0;
  for (let at = 0; at < expression.length; at += 1) {
    if ('([{'.includes(expression[at])) depth += 1;
    if (')]}'.includes(expression[at])) depth -= 1;
    if (depth === 0 && expression.startsWith('||', at)) return [expression];
    if (depth === 0 && expression.startsWith('&&', at)) {
      parts.push('');
      at += 1;
    } else parts[parts.length - 1] += expression[at];
  }
  return parts;
}

/** A rule of the enforcement pack that no case names may be wrong unseen. */
export function lintTests(policies, cases) {
  const named = new Set();
  const collect = (value) => {
    if (typeof value !== 'object' || value === null) return;
    for (const [key, inner] of Object.entries(value)) {
      if (key === 'rule' && typeof inner === 'string') named.add(inner);
      else collect(inner);
    }
  };
  collect(cases);
  return policies
    .filter(({ policy }) => isAboutTools(policy))
    .flatMap(({ file, policy }) =>
      policy.resourcePolicy.rules
        .filter(
          ({ name, actions }) => name && !named.has(name) && !actions.every((action) => action.startsWith('iris:')),
        )
        .map(({ name }) => `${file}: rule ${name} has no case in tests/cases.yaml that names it`),
    );
}

/** The PDP decides at random when policies of one scope differ in scopePermissions, and does not say so. */
function lintScopes(policies) {
  const byScope = new Map();
  const faults = [];
  for (const { file, policy } of policies) {
    const body = policy.resourcePolicy ?? policy.principalPolicy ?? policy.rolePolicy;
    if (!body) {
      continue;
    }
    const scope = body.scope ?? '';
    const permissions = body.scopePermissions ?? 'SCOPE_PERMISSIONS_OVERRIDE_PARENT';
    const first = byScope.get(scope) ?? { file, permissions };
    byScope.set(scope, first);
    if (first.permissions !== permissions) {
      faults.push(
        `${file}: scope "${scope}" has scopePermissions ${permissions}, but ${first.permissions} in ${first.file}`,
      );
    }
  }
  return faults;
}
