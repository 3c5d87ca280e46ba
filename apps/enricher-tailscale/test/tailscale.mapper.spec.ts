import { readFileSync } from 'node:fs';
import { faultsOfAttributes } from '@iris/enricher-kit/testing';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { deviceAttributes, type ManagedRule, readDevice, readPosture } from '../src/tailscale.mapper.js';

const fixture = (name: string) => JSON.parse(readFileSync(new URL(`./fixtures/${name}.json`, import.meta.url), 'utf8'));
const NOON = Date.parse('2026-11-16T12:00:00Z');
const RULE: ManagedRule = {
  conditions: [
    { key: 'intune:complianceState', value: 'compliant' },
    { key: 'kandji:mdmEnabled', value: 'true' },
    { key: 'custom:managed', value: 'true' },
  ],
  unmanagedWhenAbsent: false,
};

function device(changes: object = {}) {
  const read = readDevice({ ...fixture('device'), ...changes });
  if (read === undefined) throw new Error('the fixture is no device');
  return read;
}

function managed(attributes: object, rule = RULE) {
  return (deviceAttributes(device(), readPosture({ attributes }, NOON), rule).device as { managed?: boolean }).managed;
}

describe('deviceAttributes', () => {
  it('maps device and posture, each value in its own type', () => {
    expect(deviceAttributes(device(), readPosture(fixture('attributes'), NOON), RULE)).toEqual({
      device: {
        id: 'n5SUKe8CNTRL',
        hostname: 'maya-mac',
        os: 'macOS',
        managed: true,
        tags: [],
        user: 'maya.okafor@acme.example',
        posture: fixture('attributes').attributes,
      },
    });
  });

  it('gives a tagged node no user: it belongs to its tags', () => {
    const attributes = deviceAttributes(device({ tags: ['tag:ci'] }), undefined, RULE);
    expect(attributes).toEqual({
      device: { id: 'n5SUKe8CNTRL', hostname: 'maya-mac', os: 'macOS', tags: ['tag:ci'] },
    });
  });

  it('maps a device that is shared in from another tailnet', () => {
    const shared = device({ isExternal: true, created: '', clientVersion: '', os: '' });
    expect(deviceAttributes(shared, readPosture({ attributes: {} }, NOON), RULE)).toEqual({
      device: {
        id: 'n5SUKe8CNTRL',
        hostname: 'maya-mac',
        tags: [],
        user: 'maya.okafor@acme.example',
        posture: {},
      },
    });
  });
});

describe('managed', () => {
  it.each([
    ['true when one condition holds', { 'kandji:mdmEnabled': true }, true],
    ['true when one of several holds', { 'intune:complianceState': 'noncompliant', 'custom:managed': true }, true],
    ['false when none holds', { 'intune:complianceState': 'noncompliant' }, false],
    ['false for a state that Intune does not know', { 'intune:complianceState': 'unknown' }, false],
    ['true for a boolean kept as text', { 'custom:managed': 'true' }, true],
    ['false for a value of other case', { 'intune:complianceState': 'Compliant' }, false],
    ['unknown when no key is there', { 'node:os': 'macos' }, undefined],
    ['unknown for a key of other case', { 'Kandji:mdmEnabled': true }, undefined],
  ])('is %s', (_, attributes, expected) => {
    expect(managed(attributes)).toBe(expected);
  });

  it('is false without a key when the setting requires it', () => {
    expect(managed({}, { ...RULE, unmanagedWhenAbsent: true })).toBe(false);
  });

  it('is unknown when the posture is not known, whatever the setting is', () => {
    const attributes = deviceAttributes(device(), undefined, { ...RULE, unmanagedWhenAbsent: true });
    expect(attributes.device).not.toHaveProperty('managed');
    expect(attributes.device).not.toHaveProperty('posture');
  });
});

describe('readPosture', () => {
  it('ends with the first expiry', () => {
    const expiries = { 'custom:breakGlass': '2026-11-16T13:00:00Z', 'custom:tier': '2026-11-16T14:30:00+02:00' };
    expect(readPosture({ ...fixture('attributes'), expiries }, NOON)?.endsAt).toBe(Date.parse('2026-11-16T12:30:00Z'));
    expect(readPosture({ attributes: {} }, NOON)?.endsAt).toBeUndefined();
  });

  it.each([
    ['has passed', '2026-11-16T11:59:59Z'],
    ['is now', '2026-11-16T12:00:00Z'],
    ['cannot be read', 'tomorrow'],
    ['is no text', 7],
    ['has no zone', '2026-11-17T12:00:00'],
  ])('drops an attribute whose expiry %s', (_, at) => {
    const posture = readPosture({ attributes: { 'custom:managed': true }, expiries: { 'custom:managed': at } }, NOON);
    expect(posture?.values.size).toBe(0);
    expect(posture?.endsAt).toBeUndefined();
  });

  it('drops values that are no text, number or boolean', () => {
    const attributes = { a: null, b: [], c: {}, 'custom:score': '89' };
    expect([...(readPosture({ attributes }, NOON)?.values ?? [])]).toEqual([['custom:score', '89']]);
  });

  it.each([[null], [[]], [{}], [{ attributes: [] }], [{ message: 'internal error' }]])('refuses %j', (payload) => {
    expect(readPosture(payload, NOON)).toBeUndefined();
  });
});

describe('readDevice', () => {
  it.each(Object.entries(fixture('invalid_devices')))('refuses %s', (_, payload) => {
    expect(readDevice(payload)).toBeUndefined();
  });
});

describe('any payload', () => {
  const value = fc.oneof(fc.jsonValue(), fc.string(), fc.double(), fc.boolean());
  const keys = fc.oneof(fc.string(), fc.constantFrom('__proto__', 'constructor', 'custom:managed'));
  const posture = fc.oneof(
    fc.jsonValue(),
    fc.record({
      attributes: fc.dictionary(keys, value),
      expiries: fc.oneof(fc.dictionary(keys, value), fc.jsonValue()),
    }),
  );
  const deviceValue = fc.oneof(
    fc.jsonValue(),
    fc.record({ nodeId: fc.string({ minLength: 1 }), hostname: value, os: value, user: value }),
    fc.record({ nodeId: fc.string({ minLength: 1 }), tags: fc.array(fc.string()), user: value }),
  );

  it('neither crashes the mapping nor gets an undeclared or unknown value through', () => {
    fc.assert(
      fc.property(deviceValue, posture, (devicePayload, posturePayload) => {
        const read = readPosture(posturePayload, NOON);
        expect(read?.endsAt === undefined || read.endsAt > NOON).toBe(true);
        const readable = readDevice(devicePayload);
        if (readable === undefined) return;
        expect(faultsOfAttributes('tailscale', deviceAttributes(readable, read, RULE))).toEqual([]);
      }),
    );
  });
});
