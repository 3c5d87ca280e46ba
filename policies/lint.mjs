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
    return faults;
  });
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
