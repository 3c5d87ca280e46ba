import type { PrincipalContext } from '@iris/contracts';
import { describe, expect, it } from '@jest/globals';
import { mergeAttributes } from './merged-attributes.js';

type Status = 'fresh' | 'stale' | 'not_found' | 'unavailable';

function merge(
  stated: Record<string, unknown>,
  facts: Parameters<typeof mergeAttributes>[1],
  states: Record<string, Status>,
) {
  const sources = Object.fromEntries(
    Object.entries(states).map(([id, status]) => [id, { status, attributes: {}, origin: 'l1' }]),
  ) as PrincipalContext['sources'];
  const { removed, replaced } = mergeAttributes(stated, facts, sources, (name) => stated[name]);
  return { removed, replaced };
}

describe('attributes of a caller', () => {
  it('that no source provides pass', () => {
    expect(merge({ locale: 'en' }, { department: 'A' }, { okta: 'fresh' })).toEqual({ removed: [], replaced: [] });
  });

  it('give way to a fact, and are noted where they differ', () => {
    const facts = { department: 'A', groups: ['x', 'y'] };
    expect(merge({ department: 'A', groups: ['x', 'y'] }, facts, { okta: 'fresh' }).replaced).toEqual([]);
    expect(merge({ department: 'B', groups: ['y', 'x'] }, facts, { okta: 'fresh' }).replaced).toEqual([
      'department',
      'groups',
    ]);
  });

  it.each<[Status, Status, boolean]>([
    ['not_found', 'not_found', true],
    ['not_found', 'unavailable', false],
    ['unavailable', 'not_found', false],
    ['fresh', 'not_found', false],
    ['stale', 'not_found', false],
  ])('that sources provide and that have no fact, with Workday %s and Okta %s, pass: %s', (workday, okta, passes) => {
    const { removed } = merge({ department: 'A' }, {}, { workday, okta });
    expect(removed).toEqual(passes ? [] : ['department']);
  });

  it('of names that only Iris sets never pass', () => {
    const stated = { context: {}, okta: {}, pagerduty: { onCall: true } };
    expect(merge(stated, { context: { okta: { status: 'not_found' } } }, { okta: 'not_found' })).toEqual({
      removed: ['okta', 'pagerduty'],
      replaced: ['context', 'okta', 'pagerduty'],
    });
  });
});
