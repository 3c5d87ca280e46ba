import { readFileSync } from 'node:fs';
import { faultsOfAttributes } from '@iris/enricher-kit/testing';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  isCurrent,
  type Oncall,
  oncallFinding,
  readIncident,
  readOncall,
  readServiceNames,
  readUser,
  usersOf,
} from '../src/pagerduty.mapper.js';

const fixture = (name: string) => JSON.parse(readFileSync(new URL(`./fixtures/${name}.json`, import.meta.url), 'utf8'));
const NOON = Date.parse('2026-11-16T12:00:00Z');
const HOUR = 3_600_000;

/** An entry from `start` to `end`, in h from noon. */
function entry(start: number | null, end: number | null, changes: Partial<Oncall> = {}): Oncall {
  return {
    user: { id: 'P1' },
    escalation_policy: { id: 'E1', summary: 'Databases' },
    escalation_level: 1,
    schedule: { id: 'S1', summary: 'Primary' },
    start: start === null ? null : NOON + start * HOUR,
    end: end === null ? null : NOON + end * HOUR,
    ...changes,
  };
}

const find = (...oncalls: Oncall[]) => oncallFinding({ userId: 'P1', oncalls, services: new Map() }, NOON);

describe('oncallFinding', () => {
  it('maps entries, services and the end', () => {
    const payloads = fixture('oncalls').oncalls;
    const oncalls = payloads.map(readOncall);
    const services = new Map<string, string[]>(
      payloads.map((payload: { escalation_policy: { id: string } }) => [
        payload.escalation_policy.id,
        readServiceNames(payload.escalation_policy),
      ]),
    );
    expect(oncallFinding({ userId: 'PMAYA01', oncalls, services }, NOON)).toEqual({
      attributes: {
        userId: 'PMAYA01',
        onCall: true,
        primary: true,
        oncalls: [
          {
            policy: 'Databases',
            policyId: 'PPOL001',
            schedule: 'Databases, primary',
            scheduleId: 'PSCHED1',
            level: 1,
            start: '2026-11-16T09:00:00.000Z',
            end: '2026-11-16T21:00:00.000Z',
            services: ['orders-db', 'billing-db'],
          },
          { policy: 'Platform', policyId: 'PPOL002', level: 3, services: ['gateway'] },
        ],
        services: ['billing-db', 'gateway', 'orders-db'],
      },
      endsAt: Date.parse('2026-11-16T21:00:00Z'),
    });
  });

  it.each([
    ['between start and end', entry(-1, 1), true],
    ['at its start', entry(0, 1), true],
    ['at its end', entry(-1, 0), false],
    ['before its start', entry(1, 2), false],
    ['permanent', entry(null, null), true],
    ['without a start', entry(null, 1), true],
    ['without an end', entry(-1, null), true],
    ['without a start and over', entry(null, 0), false],
    ['without an end and not begun', entry(1, null), false],
  ])('counts an entry %s', (_, oncall, expected) => {
    expect(isCurrent(oncall, NOON)).toBe(expected);
    expect(find(oncall).attributes).toMatchObject({ onCall: expected, primary: expected });
  });

  it('returns on call and not primary on a higher level', () => {
    expect(find(entry(-1, 1, { escalation_level: 5 })).attributes).toMatchObject({ onCall: true, primary: false });
  });

  it('returns not on call without an entry, and an empty list', () => {
    expect(find()).toEqual({
      attributes: { userId: 'P1', onCall: false, primary: false, oncalls: [], services: [] },
      endsAt: undefined,
    });
  });

  it.each([
    ['the end of the first current entry', [entry(-1, 3), entry(-1, 2)], 2],
    ['the start of the next shift', [entry(-1, 3), entry(1, 4)], 1],
    ['the start of the first shift of somebody not on call', [entry(5, 9)], 5],
    ['nothing, when all is permanent', [entry(null, null)], undefined],
  ])('ends the answer with %s', (_, oncalls, hours) => {
    expect(find(...oncalls).endsAt).toBe(hours === undefined ? undefined : NOON + hours * HOUR);
  });

  it.each([
    ['the last end of what is current', [entry(-1, 1), entry(-2, 3)], 3],
    ['shifts that follow without a gap', [entry(-1, 1), entry(1, 2), entry(2, 5)], 5],
    ['no shift after a gap', [entry(-1, 1), entry(2, 5)], 1],
    ['no end, when an entry has none', [entry(-1, 1), entry(-1, null)], undefined],
    ['no end, when a following entry has none', [entry(-1, 1), entry(1, null)], undefined],
  ])('follows the present on-call time over %s', (_, oncalls, hours) => {
    const expected = hours === undefined ? undefined : new Date(NOON + hours * HOUR).toISOString();
    expect(find(...oncalls).attributes.onCallUntil).toBe(expected);
  });

  it('leaves services out when those of one policy are not known', () => {
    const { attributes } = oncallFinding(
      {
        userId: 'P1',
        oncalls: [entry(-1, 1), entry(-1, 1, { escalation_policy: { id: 'E2' } })],
        services: new Map([['E2', ['gateway']]]),
      },
      NOON,
    );
    expect(attributes).not.toHaveProperty('services');
  });

  it('gives open incidents only', () => {
    const incidents = [
      { incident_number: 7, status: 'triggered', urgency: 'high', service: { summary: 'orders-db' } },
      { incident_number: 8, status: 'resolved', urgency: 'low' },
      { incident_number: 9, status: 'acknowledged', urgency: null },
    ].map((incident) => readIncident({ ...incident, assignments: [] }));
    const known = incidents.filter((incident) => incident !== undefined);
    const { attributes } = oncallFinding({ userId: 'P1', oncalls: [], services: new Map(), incidents: known }, NOON);
    expect(attributes.incidents).toEqual([
      { number: 7, service: 'orders-db', urgency: 'high', status: 'triggered' },
      { number: 9, status: 'acknowledged' },
    ]);
  });
});

describe('usersOf', () => {
  const users = fixture('users').users.map(readUser);

  it('finds the exact address, whatever its case, and neither a longer one nor a name', () => {
    expect(usersOf('maya.okafor@acme.example', users).map(({ id }) => id)).toEqual(['PMAYA01']);
    expect(usersOf('okafor@acme.example', users)).toEqual([]);
  });
});

describe('readOncall', () => {
  it.each(Object.entries(fixture('invalid_oncalls')))('refuses %s', (_, payload) => {
    expect(readOncall(payload)).toBeUndefined();
  });
});

describe('any payload', () => {
  const instant = fc.oneof(
    fc.constant(null),
    fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
    fc.jsonValue(),
  );
  const reference = fc.oneof(fc.record({ id: fc.string(), summary: fc.jsonValue() }), fc.constant(null));
  const oncall = fc.oneof(
    fc.jsonValue(),
    fc.record({
      user: reference,
      escalation_policy: reference,
      schedule: reference,
      escalation_level: fc.oneof(fc.integer(), fc.jsonValue()),
      start: instant,
      end: instant,
    }),
  );
  const incident = fc.oneof(
    fc.jsonValue(),
    fc.record({
      incident_number: fc.oneof(fc.integer(), fc.jsonValue()),
      status: fc.oneof(fc.constantFrom('triggered', 'acknowledged', 'resolved'), fc.jsonValue()),
      service: fc.jsonValue(),
      assignments: fc.constant([{ assignee: { id: 'P1' } }]),
      urgency: fc.jsonValue(),
    }),
  );

  it('neither crashes the mapping nor gets an undeclared or unknown value through', () => {
    fc.assert(
      fc.property(fc.array(oncall), fc.array(incident), fc.jsonValue(), (entries, incidentPayloads, policy) => {
        const oncalls = entries.map(readOncall).filter((one) => one !== undefined);
        const incidents = incidentPayloads.map(readIncident).filter((one) => one !== undefined);
        const names = readServiceNames(policy);
        const services = new Map(names === undefined ? [] : oncalls.map((one) => [one.escalation_policy.id, names]));
        const { attributes, endsAt } = oncallFinding({ userId: 'P1', oncalls, services, incidents }, NOON);
        expect(faultsOfAttributes('pagerduty', attributes)).toEqual([]);
        expect(endsAt === undefined || endsAt > NOON).toBe(true);
      }),
    );
  });
});
