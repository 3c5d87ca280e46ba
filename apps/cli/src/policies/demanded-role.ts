import type { Match, PolicyRule } from '@iris/policy-files';
import { conjuncts, disjuncts } from './cel-operators.js';

const TEXT = `(?:"[^"\\\\]+"|'[^'\\\\]+')`;
const ROLES = String.raw`(?:runtime\.effectiveDerivedRoles|(?:P|request\.principal)\.roles)`;
const NAMED = String.raw`(?:\[\s*${TEXT}(?:\s*,\s*${TEXT})*\s*\]|(?:C|constants)\.\w+)`;

/** The expressions by which a condition demands a role. Any other is taken for one that does not. */
const DEMANDS = [
  new RegExp(`^${TEXT}\\s+in\\s+${ROLES}$`),
  new RegExp(`^hasIntersection\\(\\s*${NAMED}\\s*,\\s*${ROLES}\\s*\\)$`),
  new RegExp(`^hasIntersection\\(\\s*${ROLES}\\s*,\\s*${NAMED}\\s*\\)$`),
];

/**
 * Whether a rule applies to nobody without a certain role: by its lists of roles, or because its condition demands one.
 * `roles` and `derivedRoles` of one rule are alternatives.
 */
export function demandsRole({ kind, roles, derivedRoles, condition }: PolicyRule): boolean {
  // A principal policy is about one principal.
  if (kind === 'principal') return true;
  const isListed = roles.length + derivedRoles.length > 0 && !roles.some((role) => /[*?[{]/.test(role));
  return isListed || matchDemands(condition);
}

/** `all` demands what any of its parts demands; `any` what each part demands; `none` demands nothing. */
function matchDemands(match: Match | undefined): boolean {
  if (match?.all) return match.all.of.some(matchDemands);
  if (match?.any) return match.any.of.length > 0 && match.any.of.every(matchDemands);
  return match?.expr === undefined ? false : expressionDemands(match.expr);
}

function expressionDemands(expression: string): boolean {
  const alternatives = disjuncts(expression);
  if (alternatives.length > 1) return alternatives.every(expressionDemands);
  const parts = conjuncts(expression);
  if (parts.length > 1) return parts.some(expressionDemands);
  return DEMANDS.some((form) => form.test(parts[0] ?? ''));
}
