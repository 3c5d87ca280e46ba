import type { Match, PolicyRule } from '@iris/policy-files';
import { describe, expect, it } from '@jest/globals';
import { conjuncts, disjuncts } from './cel-operators.js';
import { demandsRole } from './demanded-role.js';

const rule = (condition?: Match, roles: string[] = ['*'], derivedRoles: string[] = []) =>
  ({ kind: 'resource', roles, derivedRoles, condition }) as unknown as PolicyRule;
const expr = (text: string) => rule({ expr: text });

describe('demandsRole', () => {
  it.each([
    ['a derived role alone', rule(undefined, [], ['engineer'])],
    ['a named role', rule(undefined, ['user'])],
    ['a condition', expr('"engineer" in runtime.effectiveDerivedRoles')],
    ['one of several', expr(`V.x && hasIntersection(["a", 'b'], runtime.effectiveDerivedRoles)`)],
    ['brackets', expr('(V.x && ("a" in P.roles))')],
    ['alternatives that each demand one', expr('"a" in P.roles || (V.x && "b" in runtime.effectiveDerivedRoles)')],
    ['a part of all', rule({ all: { of: [{ expr: 'V.x' }, { expr: '"a" in P.roles' }] } })],
    ['each part of any', rule({ any: { of: [{ expr: '"b" in P.roles' }, { expr: '"a" in P.roles' }] } })],
  ])('accepts %s', (_, given) => expect(demandsRole(given)).toBe(true));

  it.each([
    ['nothing', rule()],
    ['every role beside a derived one', rule(undefined, ['*'], ['engineer'])],
    ['a pattern of roles', rule(undefined, ['us*'])],
    ['a negated role', expr('!("a" in P.roles)')],
    ['a role or else', expr('"a" in P.roles || V.x')],
    ['a role in a ternary', expr('V.x ? true : "a" in P.roles')],
    ['a role in a text', expr(`V.name == '"a" in P.roles'`)],
    ['a role in a comment', expr('V.x // && "a" in P.roles')],
    ['a comparison with a role', expr('("a" in P.roles) == false')],
    ['the number of roles', expr('size(runtime.effectiveDerivedRoles) >= 0')],
    ['no name', expr('hasIntersection([], P.roles)')],
    ['a part of any', rule({ any: { of: [{ expr: 'V.x' }, { expr: '"a" in P.roles' }] } })],
    ['no part of any', rule({ any: { of: [] } })],
    ['none', rule({ none: { of: [{ expr: '"a" in P.roles' }] } })],
  ])('refuses %s', (_, given) => expect(demandsRole(given)).toBe(false));
});

describe('conjuncts', () => {
  it.each([
    ['a && b&&c', ['a', 'b', 'c']],
    ['(a && (b && c))', ['a', 'b', 'c']],
    ['(a) && (b)', ['a', 'b']],
    ['a && b || c', ['a && b || c']],
    ['a && (b || c)', ['a', 'b || c']],
    ['a && b ? c : d', ['a && b ? c : d']],
    ['R.attr.?x.orValue(1) == 1 && b', ['R.attr.?x.orValue(1) == 1', 'b']],
    ['x == "&& \\" (" && b', ['x == "&& \\" ("', 'b']],
    [String.raw`x.matches(r"\") && b`, [String.raw`x.matches(r"\")`, 'b']],
    [`x == '''a' && "''' && b`, [`x == '''a' && "'''`, 'b']],
    ['bar"x && y" && b', ['bar"x && y"', 'b']],
    ['[a && b].size() > 0 && {"k": c && d}.k', ['[a && b].size() > 0', '{"k": c && d}.k']],
    ['a // b && c\n && d', ['a // b && c', 'd']],
  ])('%s', (text, parts) => expect(conjuncts(text)).toEqual(parts));

  it('splits alternatives', () => expect(disjuncts('(a || b && c) || d')).toEqual(['a', 'b && c', 'd']));
});
