import type { CallDecision, ToolCall } from '@iris/contracts';
import { loadCatalog } from '@iris/tool-catalog';
import { describe, expect, it } from '@jest/globals';
import { type ModeOverride, Modes } from './modes.js';

const catalog = loadCatalog({ path: 'policies/catalog.yaml' });
const RULES = {
  default: 'enforce',
  byEvent: { pre_tool_use: 'observe' },
  byCategory: { database: 'enforce' },
} as const;

function decisionOn(categories: readonly string[]): CallDecision {
  const call: ToolCall = { id: 'c', name: 'x', phase: 'executed', paramsStatus: 'ok' };
  const about = {
    effect: 'DENY',
    reason: 'policy_denied',
    observe: false,
    rules: [],
    derivedRoles: [],
    outputs: [],
  } as const;
  return { call, ...about, deniedCategories: categories };
}

describe('a switch to observe', () => {
  it('is for all categories, or for its own', () => {
    let current: ModeOverride | undefined;
    const modes = new Modes(RULES, catalog, () => current);
    const of = (...categories: string[]) => modes.pinned().ofDecision('pre_request', decisionOn(categories));
    expect([of('database'), of('email')]).toEqual(['enforce', 'enforce']);
    current = { id: 's', key: 'ada', until: 0 };
    expect([of('database'), of('email'), modes.pinned().ofEvent('pre_request')]).toEqual([
      'observe',
      'observe',
      'observe',
    ]);
    current = { ...current, category: 'database' };
    expect([of('database'), of('email'), of('database', 'email')]).toEqual(['observe', 'enforce', 'enforce']);
    expect(modes.pinned().ofEvent('pre_request')).toBe('enforce');
    expect(modes.pinned().overrideOf(decisionOn(['database']))).toEqual(current);
    expect(modes.pinned().overrideOf(decisionOn(['email']))).toBeUndefined();
  });

  it('is the same for the whole of a hook', () => {
    let current: ModeOverride | undefined = { id: 's', key: 'ada', until: 0 };
    const pinned = new Modes(RULES, catalog, () => current).pinned();
    current = undefined;
    expect(pinned.ofEvent('pre_request')).toBe('observe');
  });
});
