import { describe, expect, it } from '@jest/globals';
import { kindOf, matches, parseMapping } from './mapping-file.js';

describe('a mapping file', () => {
  it('without anything enriches every kind and takes every principal for a person', () => {
    const mapping = parseMapping('mapping.yaml', '');
    expect(mapping.principals.people).toEqual(['*']);
    expect(kindOf(mapping, 'any')).toEqual({ enrich: true });
  });

  it('has a default for kinds that it does not list', () => {
    const mapping = parseMapping('mapping.yaml', "kinds: { '*': { enrich: false }, ticket: {} }");
    expect([kindOf(mapping, 'ticket').enrich, kindOf(mapping, 'other').enrich]).toEqual([true, false]);
    expect(kindOf(mapping, 'constructor').enrich).toBe(false);
  });

  it('may use anchors', () => {
    const mapping = parseMapping('mapping.yaml', 'kinds: { a: &one { enrich: false }, b: *one }');
    expect(kindOf(mapping, 'b').enrich).toBe(false);
  });

  it.each([
    ['kinds: [', /is not valid YAML/],
    ['kinds: { a: *missing }', /is not valid YAML/],
    ['kind: {}', /the file has the unknown field kind/],
    ['kinds: { a: { enrich: maybe } }', /kinds\.a\.enrich/],
    ['principals: { people: ["a*b*c"] }', /principals\.people\.0: a text with at most one \*/],
    ['authzen: { subjects: { user: {} } }', /authzen\.subjects\.user\.roles/],
  ])('with %j is refused by name', (text, problem) => {
    expect(() => parseMapping('mapping.yaml', text)).toThrow(problem);
  });
});

describe('a pattern', () => {
  it.each([
    ['*', '', true],
    ['*@acme.example', 'ana@acme.example', true],
    ['*@acme.example', 'ana@evil.example', false],
    ['svc-*', 'svc-1', true],
    ['a*a', 'a', false],
    ['a*a', 'aa', true],
    ['exact', 'exactly', false],
  ])('%j on %j: %s', (pattern, text, expected) => {
    expect(matches(pattern, text)).toBe(expected);
  });
});
