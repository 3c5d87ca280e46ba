import {
  FLATTENED_ATTRIBUTES,
  type Json,
  type JsonObject,
  type PrincipalContext,
  SOURCE_IDS,
  type SourceFacts,
  type SourceId,
} from '@iris/contracts';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { principalAttributes } from './principal-attributes.js';

function fresh(attributes: JsonObject, rest: Partial<SourceFacts> = {}): SourceFacts {
  return { status: 'fresh', attributes, ageSeconds: 7, origin: 'redis', ...rest };
}

function context(sources: PrincipalContext['sources'], capabilities?: JsonObject): PrincipalContext {
  return { identity: { kind: 'user', id: 'ana@example.com', nodeId: 'n1', capabilities }, roles: ['user'], sources };
}

function nested(path: string, value: Json): JsonObject {
  return path.split('.').reduceRight<Json>((inner, key) => ({ [key]: inner }), value) as JsonObject;
}

describe('a flattened attribute', () => {
  const pairs = FLATTENED_ATTRIBUTES.flatMap(({ path, from }) =>
    from.map((candidate, place): [string, string, readonly string[], number] => [path, candidate, from, place]),
  );

  it.each(pairs)('%s comes from %s when those before it do not know', (path, candidate, from, place) => {
    const sources: Partial<Record<SourceId, SourceFacts>> = {};
    for (const known of from.slice(place)) {
      const [source, ...rest] = known.split('.');
      sources[source as SourceId] = fresh(nested(rest.join('.'), `of ${known}`));
    }
    const { attr, origins } = principalAttributes(context(sources));
    expect(attr[path]).toBe(`of ${candidate}`);
    expect(origins[path]).toEqual({ source: candidate.split('.')[0], ageSeconds: 7 });
  });

  it.each(FLATTENED_ATTRIBUTES)('$path is absent when nobody knows', ({ path }) => {
    const { attr, origins } = principalAttributes(context({ okta: fresh({}), workday: fresh({}) }));
    expect(attr).not.toHaveProperty(path);
    expect(origins).not.toHaveProperty(path);
  });

  it('that is an empty list is what the first source said: none', () => {
    const sources = { okta: fresh({ groups: [] }), servicenow: fresh({ groups: ['A'] }) };
    expect(principalAttributes(context(sources)).attr.groups).toEqual([]);
  });

  it('that is false is a fact, not a gap', () => {
    const { attr } = principalAttributes(context({ pagerduty: fresh({ onCall: false }) }));
    expect(attr.onCall).toBe(false);
  });

  it('never comes from a source that has no usable answer', () => {
    for (const status of ['unavailable', 'not_found'] as const) {
      const gone = fresh({ department: 'Old' }, { status, reason: 'source_unavailable' });
      const { attr } = principalAttributes(context({ workday: gone, okta: fresh({ department: 'New' }) }));
      expect(attr.department).toBe('New');
      expect(attr).not.toHaveProperty('workday');
      expect(attr.context).toHaveProperty('workday.status', status);
    }
  });

  it('comes from stale facts as well, with the status in its context', () => {
    const stale = fresh({ department: 'Engineering' }, { status: 'stale', ageSeconds: 900 });
    const { attr, origins } = principalAttributes(context({ workday: stale }));
    expect(attr).toMatchObject({
      department: 'Engineering',
      context: { workday: { status: 'stale', ageSeconds: 900 } },
    });
    expect(origins.department).toEqual({ source: 'workday', ageSeconds: 900 });
  });
});

describe('all attributes', () => {
  it('stand by source, beside the capabilities of the tailnet', () => {
    const device = { managed: true };
    const { attr } = principalAttributes(
      context({ tailscale: fresh({ device }), okta: fresh({ live: true }) }, { 'x/cap': [{ a: 1, b: null }] }),
    );
    expect(attr).toMatchObject({ kind: 'user', nodeId: 'n1', okta: { live: true } });
    expect(attr.tailscale).toEqual({ device, capabilities: { 'x/cap': [{ a: 1 }] } });
    expect(attr).not.toHaveProperty('tailnet');
  });

  it('have the capabilities also while Tailscale does not answer', () => {
    const away = fresh({}, { status: 'unavailable' });
    const { attr } = principalAttributes(context({ tailscale: away }, { 'x/cap': [] }));
    expect(attr.tailscale).toEqual({ capabilities: { 'x/cap': [] } });
  });

  it('never hold a null, whatever sources and tailnet say', () => {
    const facts = fc.dictionary(
      fc.oneof(fc.constantFrom('department', 'groups', 'onCall', 'live', '__proto__'), fc.string()),
      fc.jsonValue(),
    ) as fc.Arbitrary<JsonObject>;
    const answer = fc.record({
      status: fc.constantFrom('fresh', 'stale', 'not_found', 'unavailable'),
      attributes: facts,
      origin: fc.constant('source'),
    }) as fc.Arbitrary<SourceFacts>;
    const sources = fc.record(Object.fromEntries(SOURCE_IDS.map((id) => [id, answer])), { requiredKeys: [] });
    fc.assert(
      fc.property(sources, facts, (given, capabilities) => {
        const { attr } = principalAttributes(context(given, capabilities));
        expect(holdsNull(attr)).toBe(false);
        for (const id of Object.keys(given)) expect(attr.context).toHaveProperty(`${id}.status`);
      }),
    );
  });
});

function holdsNull(value: Json | undefined): boolean {
  if (value === null || value === undefined) return true;
  return typeof value === 'object' && Object.values(value).some(holdsNull);
}
