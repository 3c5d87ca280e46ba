import { readFileSync } from 'node:fs';
import { faultsOfAttributes } from '@iris/enricher-kit/testing';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  COLUMN_NAMES,
  DEFAULT_COLUMNS,
  readReport,
  readRestWorker,
  readWorker,
  resolveWorker,
  restWorkerRecord,
  type WorkerRecord,
  workersOf,
} from '../src/workday.mapper.js';

const fixture = (name: string) => JSON.parse(readFileSync(new URL(`./fixtures/${name}.json`, import.meta.url), 'utf8'));
const [row] = fixture('report').Report_Entry;
const NOON = Date.parse('2026-11-16T12:00:00Z');

function read(changes: object = {}, zone = 'UTC', now = NOON) {
  return readWorker({ ...row, ...changes }, DEFAULT_COLUMNS, zone, now);
}

function record(changes: object = {}): WorkerRecord {
  const worker = read(changes);
  if (worker === undefined) throw new Error('the row cannot be read');
  return worker;
}

describe('readWorker', () => {
  it('maps the columns', () => {
    expect(read()?.attributes).toEqual({
      workerId: '100417',
      employmentStatus: 'active',
      employeeType: 'employee',
      department: 'Platform Engineering',
      costCenter: 'CC-4100',
      title: 'Site Reliability Engineer',
      manager: 'jonas.lindqvist@acme.example',
      location: 'Lisbon',
      country: 'Portugal',
      hireDate: '2024-02-01',
    });
  });

  it('takes other aliases, ids of managers, numbers, and references of one', () => {
    const other = { CF_Title: 'SRE', Employee_ID: 417, mgr: [{ Manager_ID: '100032' }] };
    const columns = { ...DEFAULT_COLUMNS, title: 'CF_Title', managerEmail: 'none', managerId: 'mgr' };
    expect(readWorker(other, columns, 'UTC', NOON)?.attributes).toEqual({
      workerId: '417',
      title: 'SRE',
      manager: '100032',
    });
  });

  it.each([
    ['active', { Worker_Status: 'Active' }, 'active'],
    ['active by the flag alone', { Worker_Status: null, Active: '1' }, 'active'],
    ['on leave, which Workday also calls active', { Worker_Status: 'On Leave', Active: '1' }, 'on_leave'],
    ['on leave by its own flag', { Worker_Status: 'Active', Active: '1', On_Leave: '1' }, 'on_leave'],
    ['on leave by a flag that is a boolean', { On_Leave: true }, 'on_leave'],
    ['terminated', { Worker_Status: 'Terminated' }, 'terminated'],
    ['terminated by the flag', { Worker_Status: 'Active', Active: '0' }, 'terminated'],
    ['terminated by the flag as a boolean', { Worker_Status: null, Active: false }, 'terminated'],
    ['of a status in another language', { Worker_Status: 'Aktiv', Active: '1' }, undefined],
    ['of a flag alone that is not told to be off leave', { Worker_Status: null, On_Leave: null }, undefined],
    ['of a status beside a flag that is not understood', { On_Leave: 'perhaps' }, undefined],
    ['of a status in another shape', { Worker_Status: { descriptor: 'On Leave' } }, undefined],
    ['of no status', { Worker_Status: '', Active: null, On_Leave: undefined }, undefined],
  ])('says %s', (_, changes, status) => {
    expect(record(changes).employmentStatus).toBe(status);
    expect(record(changes).attributes.employmentStatus).toBe(status);
  });

  it.each([
    ['Employee', 'employee'],
    ['Contingent Worker', 'contingent'],
    ['Beschäftigter', undefined],
    ['', undefined],
  ])('returns for the type %j: %j', (type, expected) => {
    expect(record({ Worker_Type: type }).attributes.employeeType).toBe(expected);
  });

  describe('with a last day', () => {
    const status = (date: string, zone: string, now: string) => {
      const worker = read({ Termination_Date: date }, zone, Date.parse(now));
      return [worker?.employmentStatus, worker?.endsAt && new Date(worker.endsAt).toISOString()];
    };

    it.each([
      ['2026-11-16', 'UTC', '2026-11-16T12:00:00Z', 'active', '2026-11-17T00:00:00.000Z'],
      ['2026-11-16', 'UTC', '2026-11-16T23:59:59Z', 'active', '2026-11-17T00:00:00.000Z'],
      ['2026-11-16', 'UTC', '2026-11-17T00:00:00Z', 'terminated', undefined],
      ['2026-11-16', 'America/New_York', '2026-11-17T04:59:59Z', 'active', '2026-11-17T05:00:00.000Z'],
      ['2026-11-16', 'America/New_York', '2026-11-17T05:00:00Z', 'terminated', undefined],
      ['2026-11-16', 'Asia/Kolkata', '2026-11-16T18:30:00Z', 'terminated', undefined],
      ['2026-11-16-08:00', 'UTC', '2026-11-16T12:00:00Z', 'active', '2026-11-17T00:00:00.000Z'],
      // That day has 25 hours in Lisbon.
      ['2026-10-25', 'Europe/Lisbon', '2026-10-25T12:00:00Z', 'active', '2026-10-26T00:00:00.000Z'],
    ])('%s in %s at %s is %s until %s', (date, zone, now, expected, endsAt) => {
      expect(status(date, zone, now)).toEqual([expected, endsAt]);
    });

    it('that a later hire has made past', () => {
      const rehired = record({ Termination_Date: '2023-05-31', Hire_Date: '2024-02-01' });
      expect(rehired.employmentStatus).toBe('active');
      expect(rehired.attributes).not.toHaveProperty('terminationDate');
    });
  });

  it('does not count an employment that begins later, and ends when it begins', () => {
    const upcoming = record({ Hire_Date: '2026-12-01' });
    expect(upcoming.upcoming).toBe(true);
    expect(upcoming.endsAt).toBe(Date.parse('2026-12-01T00:00:00Z'));
    expect(resolveWorker([upcoming])).toEqual({ reason: 'subject_not_found' });
  });

  it.each([
    ['no id', { Employee_ID: null }],
    ['an unreadable last day', { Termination_Date: 'soon' }],
    ['a last day that does not exist', { Termination_Date: '2026-02-30' }],
    ['an unreadable first day', { Hire_Date: '16.11.2026' }],
  ])('refuses a row with %s', (_, changes) => {
    expect(read(changes)).toBeUndefined();
  });
});

describe('workersOf', () => {
  it('takes the records of exactly the address', () => {
    const records = [record(), record({ Work_Email: 'x.maya.okafor@acme.example' }), record({ Work_Email: null })];
    expect(workersOf('Maya.Okafor@acme.example', records)).toEqual([records[0]]);
  });
});

describe('resolveWorker', () => {
  const employee = (id: string, status: string) => record({ Employee_ID: id, Worker_Status: status, Active: null });
  const hired = (id: string, date: string) => record({ Employee_ID: id, Hire_Date: date });
  const primary = (id: string, date: string) => record({ Employee_ID: id, Hire_Date: date, Primary_Job: '1' });
  const contingent = (id: string, status: string) =>
    record({ Employee_ID: id, Worker_Status: status, Active: null, Worker_Type: 'Contingent Worker' });

  it.each([
    ['an active employee over one on leave', [employee('2', 'On Leave'), employee('1', 'Active')]],
    ['an employee on leave over an active contingent worker', [contingent('2', 'Active'), employee('1', 'On Leave')]],
    ['an active contingent worker over one on leave', [contingent('2', 'On Leave'), contingent('1', 'Active')]],
    ['a worker over somebody who left', [employee('2', 'Terminated'), contingent('1', 'Active')]],
    ['a record without status over somebody who left', [employee('2', 'Terminated'), employee('1', 'Aktiv')]],
    ['one of two rows of one worker', [employee('1', 'Active'), employee('1', 'Active')]],
    ['the worker who was hired last', [hired('2', '2019-01-01'), hired('1', '2024-01-01')]],
    ['the primary job over one that began later', [hired('2', '2025-01-01'), primary('1', '2019-01-01')]],
  ])('takes %s, in any order', (_, records) => {
    for (const ordered of [records, [...records].reverse()]) {
      expect(resolveWorker(ordered)).toMatchObject({ attributes: { workerId: '1' } });
    }
  });

  it.each([
    ['two active employees', [employee('1', 'Active'), employee('2', 'Active')], ['workerId']],
    ['two without status', [employee('1', 'Aktiv'), employee('2', 'Aktiv')], ['workerId']],
    ['two who left', [employee('1', 'Terminated'), contingent('2', 'Terminated')], ['workerId', 'employeeType']],
    [
      'two positions of one worker',
      [record(), record({ Supervisory_Organization: 'Sales', Cost_Center: 'CC-9' })],
      ['department', 'costCenter'],
    ],
    [
      'two positions that are both primary',
      [record({ Primary_Job: '1' }), record({ Primary_Job: 'yes', Supervisory_Organization: 'Sales' })],
      ['department'],
    ],
  ])('leaves out what %s do not agree on, in any order', (_, records, contested) => {
    const expected = Object.fromEntries(
      Object.entries(records[0]?.attributes ?? {}).filter(([name]) => !contested.includes(name)),
    );
    for (const ordered of [records, [...records].reverse()]) {
      expect(resolveWorker(ordered)).toMatchObject({ attributes: expected });
      expect(Object.keys((resolveWorker(ordered) as { attributes: object }).attributes).sort()).toEqual(
        Object.keys(expected).sort(),
      );
    }
  });

  it('finds nobody without a record', () => {
    expect(resolveWorker([])).toEqual({ reason: 'subject_not_found' });
  });

  it('ends with the first record that changes', () => {
    const hired = record({ Employee_ID: '2', Hire_Date: '2026-11-20' });
    const leaving = record({ Termination_Date: '2026-11-30' });
    expect(resolveWorker([leaving, hired])).toMatchObject({
      attributes: { workerId: '100417' },
      endsAt: Date.parse('2026-11-20T00:00:00Z'),
    });
  });
});

describe('readReport', () => {
  it('distinguishes an empty report from none', () => {
    expect(readReport({ Report_Entry: [] })).toEqual([]);
  });

  it.each(Object.entries(fixture('invalid_reports')))('refuses %s', (_, payload) => {
    expect(readReport(payload)).toBeUndefined();
  });
});

describe('any payload', () => {
  const cell = fc.oneof(
    fc.jsonValue(),
    fc.string(),
    fc.constantFrom('Active', 'On Leave', 'Terminated', '0', '1', 'Employee', 'Contingent Worker'),
    fc.date({ noInvalidDate: true }).map((date) => date.toISOString().slice(0, 10)),
  );
  const columns = Object.fromEntries(COLUMN_NAMES.map((name) => [DEFAULT_COLUMNS[name], cell]));
  const anyRow = fc.oneof(fc.jsonValue(), fc.record(columns), fc.record(columns, { requiredKeys: [] }));

  it('neither crashes the mapping nor gets an undeclared or unknown value through', () => {
    fc.assert(
      fc.property(fc.array(anyRow), (rows) => {
        const records = rows
          .map((one) => readWorker(one, DEFAULT_COLUMNS, 'America/New_York', NOON))
          .filter((one) => one !== undefined);
        for (const one of records) {
          expect(faultsOfAttributes('workday', one.attributes)).toEqual([]);
          expect(one.endsAt === undefined || one.endsAt > NOON).toBe(true);
        }
        const resolved = resolveWorker(records);
        if ('attributes' in resolved) expect(faultsOfAttributes('workday', resolved.attributes)).toEqual([]);
        expect(resolveWorker([...records].reverse())).toEqual(resolved);
      }),
    );
  });

  it('of the REST API neither', () => {
    const worker = fc.record({
      id: fc.oneof(fc.string({ minLength: 1 }), fc.jsonValue()),
      primaryWorkEmail: fc.jsonValue(),
      businessTitle: fc.jsonValue(),
      primarySupervisoryOrganization: fc.jsonValue(),
      location: fc.oneof(fc.record({ descriptor: fc.jsonValue() }), fc.jsonValue()),
    });
    fc.assert(
      fc.property(fc.oneof(fc.jsonValue(), worker), (payload) => {
        const one = readRestWorker(payload);
        const read = one && restWorkerRecord(one, 'active', 'UTC', NOON);
        if (read !== undefined) expect(faultsOfAttributes('workday', read.attributes)).toEqual([]);
      }),
    );
  });
});
