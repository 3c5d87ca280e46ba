import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { FilterSyntaxError, matchesFilter, parseFilter } from './scim-filter.js';

const RECORD = {
  status: 'ACTIVE',
  lastUpdated: '2026-11-01T10:00:00.000Z',
  profile: { email: 'Ana@lumen.example', level: 3, vip: true, skills: ['go', 'sql'], note: null },
};

describe('a filter expression', () => {
  it.each([
    ['profile.email eq "ana@LUMEN.example"', true],
    ['profile.email sw "ana@"', true],
    ['profile.email co "lumen"', true],
    ['lastUpdated gt "2026-11-01T12:00:00+03:00"', true],
    ['lastUpdated lt "2026-11-01T10:00:00.000Z"', false],
    ['profile.level ge 3 and profile.level lt 4', true],
    ['profile.vip eq true', true],
    ['profile.skills eq "sql"', true],
    ['profile.note pr', false],
    ['not (status eq "ACTIVE")', false],
    ['status eq "X" or status eq "ACTIVE" and profile.level eq 3', true],
    ['(status eq "X" or status eq "ACTIVE") and profile.level eq 4', false],
    ['toString eq "x"', false],
    ['profile.email eq "\\u0041na@lumen.example"', true],
  ])('%s is %s', (text, expected) => {
    expect(matchesFilter(parseFilter(text), RECORD)).toBe(expected);
  });

  it.each(['', 'status', 'status eq', 'status is "x"', 'status eq ACTIVE', '(status pr', 'status pr)', '"x" eq "y"'])(
    '%s is refused',
    (text) => {
      expect(() => parseFilter(text)).toThrow(FilterSyntaxError);
    },
  );

  it('takes every text as a value when it is quoted as JSON', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (value) => {
        const expression = parseFilter(`profile.email eq ${JSON.stringify(value)}`);
        expect(matchesFilter(expression, { profile: { email: value } }) || value === '').toBe(true);
        expect(matchesFilter(expression, { profile: { email: `${value}x` } })).toBe(false);
      }),
    );
  });

  it('reads or refuses every text', () => {
    const fragment = fc.constantFrom('(', ')', ' ', 'not', 'and', 'or', 'status', 'eq', 'pr', '"x"', '"', '\\', '1');
    fc.assert(
      fc.property(fc.array(fc.oneof(fragment, fc.string()), { maxLength: 15 }), (parts) => {
        try {
          matchesFilter(parseFilter(parts.join(' ')), RECORD);
        } catch (error) {
          expect(error).toBeInstanceOf(FilterSyntaxError);
        }
      }),
    );
  });
});
