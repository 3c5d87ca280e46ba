import type { Match } from '@iris/policy-files';
import { conjuncts } from '../policies/cel-operators.js';

/** A condition, and the conditions that it is made of: parts that `&&` joins, and the definition of a variable. */
export interface Condition {
  /** CEL, as it is written in the policy. */
  readonly expr: string;
  readonly parts: readonly Condition[];
}

/** How far definitions of variables are followed. */
const MAX_DEPTH = 4;
const VARIABLE = /^!?\s*\(?\s*(?:V|variables)\.(\w+)\s*\)?$/;

/** @param variables CEL by the name of the variable */
export function conditionTree(match: Match, variables: ReadonlyMap<string, string>): Condition {
  if (match.expr !== undefined) return ofExpression(match.expr, variables, MAX_DEPTH);
  if (match.all) {
    const parts = match.all.of.map((part) => conditionTree(part, variables));
    return { expr: joined(parts, ' && '), parts };
  }
  if (match.any) {
    const parts = match.any.of.map((part) => conditionTree(part, variables));
    return { expr: joined(parts, ' || '), parts };
  }
  const parts = (match.none?.of ?? []).map((part) => conditionTree(part, variables));
  return { expr: parts.length === 0 ? 'true' : `!(${joined(parts, ' || ')})`, parts };
}

function joined(parts: readonly Condition[], operator: string): string {
  return parts.length === 0 ? 'true' : parts.map(({ expr }) => `(${expr})`).join(operator);
}

function ofExpression(expression: string, variables: ReadonlyMap<string, string>, depth: number): Condition {
  const expr = expression.trim();
  const parts = conjuncts(expr);
  if (parts.length > 1) return { expr, parts: parts.map((part) => ofExpression(part, variables, depth)) };
  const definition = variables.get(VARIABLE.exec(expr)?.[1] ?? '');
  if (definition === undefined || depth === 0) return { expr, parts: [] };
  return { expr, parts: [ofExpression(definition, variables, depth - 1)] };
}
