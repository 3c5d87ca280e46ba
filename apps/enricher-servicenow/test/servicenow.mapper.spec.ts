import { readFileSync } from 'node:fs';
import { isJsonObject } from '@iris/contracts';
import { faultsOfAttributes } from '@iris/enricher-kit/testing';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  activeUsersOf,
  type Change,
  changeWindows,
  columnValues,
  configurationItemAttributes,
  groupNames,
  itemsOf,
  readChange,
  readChanges,
  readConfigurationItem,
  readUser,
  userAttributes,
} from '../src/servicenow.mapper.js';

const fixture = (name: string) => JSON.parse(readFileSync(new URL(`./fixtures/${name}.json`, import.meta.url), 'utf8'));
const NOON = Date.parse('2026-11-16T12:00:00Z');
const RULE = { states: ['-1'] };
const COLUMNS = { environment: 'environment', owner: 'support_group.name', criticality: 'busines_criticality' };

function change(changes: object = {}): Change {
  const read = readChange({ ...fixture('change'), ...changes });
  if (read === undefined) throw new Error('the fixture is no change');
  return read;
}

describe('userAttributes', () => {
  const user = readUser(fixture('user'));
  if (user === undefined) throw new Error('the fixture is no user');

  it('maps what is known', () => {
    const facts = { user, groups: ['a'], projects: [], changes: [change()] };
    expect(userAttributes(facts)).toEqual({
      sysId: '6816f79cc0a8016401c5a33be04be441',
      userName: 'maya.okafor',
      department: 'Platform Engineering',
      title: 'Site Reliability Engineer',
      groups: ['a'],
      projects: [],
      activeChanges: [
        {
          number: 'CHG0030001',
          type: 'normal',
          ci: 'orders-prod',
          start: '2026-11-16T10:00:00.000Z',
          end: '2026-11-16T14:00:00.000Z',
        },
      ],
    });
  });

  it('leaves projects out when the instance has none to tell of, and empty texts', () => {
    const bare = readUser({ ...fixture('user'), title: '', 'department.name': '' });
    if (bare === undefined) throw new Error('no user');
    expect(userAttributes({ user: bare, groups: [], changes: [] })).toEqual({
      sysId: '6816f79cc0a8016401c5a33be04be441',
      userName: 'maya.okafor',
      groups: [],
      activeChanges: [],
    });
  });
});

describe('changeWindows', () => {
  it.each([
    ['in its window', {}, true],
    ['at its start', { start_date: '2026-11-16 12:00:00' }, true],
    ['at its end', { end_date: '2026-11-16 12:00:00' }, false],
    ['a second before its end', { end_date: '2026-11-16 12:00:01' }, true],
    ['before its start', { start_date: '2026-11-16 12:00:01' }, false],
    ['without an end', { end_date: '' }, false],
    ['without a start', { start_date: '' }, false],
    ['scheduled only', { state: '-2' }, false],
    ['closed', { state: '3' }, false],
    ['not approved', { approval: 'requested' }, false],
    ['on hold', { on_hold: 'true' }, false],
  ])('counts a change %s', (_, changes, active) => {
    expect(changeWindows([change(changes)], RULE, NOON).active).toHaveLength(active ? 1 : 0);
  });

  it.each([
    ['a start in another form', { start_date: '16.11.2026 10:00' }],
    ['a start that is no time', { start_date: '2026-13-16 10:00:00' }],
    ['a hold that is not known', { on_hold: '' }],
  ])('cannot be told of a change with %s', (_, changes) => {
    expect(readChanges([fixture('change'), { ...fixture('change'), ...changes }])).toBeUndefined();
  });

  it('counts other states when they are configured', () => {
    expect(changeWindows([change({ state: '-2' })], { states: ['-1', '-2'] }, NOON).active).toHaveLength(1);
  });

  it('ends the answer at the first edge of a window', () => {
    const later = change({ start_date: '2026-11-16 13:00:00' });
    const over = change({ start_date: '2026-11-15 13:00:00', end_date: '2026-11-15 14:00:00' });
    const irrelevant = change({ start_date: '2026-11-16 12:10:00', approval: 'rejected' });
    const at = (...changes: Change[]) => changeWindows(changes, RULE, NOON).endsAt;
    expect(at(change())).toBe(Date.parse('2026-11-16T14:00:00Z'));
    expect(at(change(), later)).toBe(Date.parse('2026-11-16T13:00:00Z'));
    expect(at(over, irrelevant)).toBeUndefined();
  });
});

describe('activeUsersOf', () => {
  const rows = [
    fixture('user'),
    { ...fixture('user'), sys_id: 'f1', active: 'false' },
    { ...fixture('user'), sys_id: 'f2', email: 'someone.else@acme.example' },
  ].map(readUser);
  const users = rows.filter((user) => user !== undefined);

  it('takes the active record of exactly the address', () => {
    expect(activeUsersOf('MAYA.okafor@acme.example', users)).toEqual([users[0]]);
  });
});

describe('readUser', () => {
  it.each(Object.entries(fixture('invalid_rows')))('refuses %s', (_, row) => {
    expect(readUser(row)).toBeUndefined();
  });
});

describe('groupNames and columnValues', () => {
  it('take active groups and known values, each once and sorted', () => {
    const rows = [
      { 'group.name': 'sre', 'group.active': 'true' },
      { 'group.name': 'dba', 'group.active': 'true' },
      { 'group.name': 'sre', 'group.active': 'true' },
      { 'group.name': 'old', 'group.active': 'false' },
    ];
    expect(groupNames(rows)).toEqual(['dba', 'sre']);
    expect(columnValues([{ n: 'P2' }, { n: 'P1' }, { n: '' }], 'n')).toEqual(['P1', 'P2']);
  });

  it.each([{ 'group.name': '', 'group.active': 'true' }, { 'group.active': 'true' }, null])(
    'know nothing when one row is %j',
    (row) => {
      expect(groupNames([{ 'group.name': 'sre', 'group.active': 'true' }, row])).toBeUndefined();
    },
  );

  it.each([{ n: 7 }, {}, 'x'])('know no values when one row is %j', (row) => {
    expect(columnValues([{ n: 'P1' }, row], 'n')).toBeUndefined();
  });
});

describe('itemsOf', () => {
  const read = (changes: object) => {
    const item = readConfigurationItem({ ...fixture('item'), ...changes }, COLUMNS, ['name', 'fqdn']);
    if (item === undefined) throw new Error('the fixture is no item');
    return item;
  };

  it.each([
    ['of the name', {}, true],
    ['of a class that begins like a configured one', { sys_class_name: 'cmdb_ci_db_mysql_instance' }, true],
    ['of another class', { sys_class_name: 'cmdb_ci_server' }, false],
    ['of another name', { name: 'orders-prod-2' }, false],
    ['retired by its operational status', { operational_status: '6' }, false],
    ['retired by its install status', { install_status: '7' }, false],
  ])('takes an item %s', (_, changes, expected) => {
    const items = itemsOf('Orders-Prod', ['cmdb_ci_database', 'cmdb_ci_db_'], [read(changes)]);
    expect(items).toHaveLength(expected ? 1 : 0);
  });

  it('maps the configured columns and the first open change', () => {
    expect(configurationItemAttributes(read({}), [change()])).toEqual({
      environment: 'production',
      owner: 'Orders Support',
      criticality: '1 - most critical',
      openChange: 'CHG0030001',
    });
    expect(configurationItemAttributes(read({ environment: '', busines_criticality: undefined }), [])).toEqual({
      owner: 'Orders Support',
    });
  });
});

describe('any row', () => {
  const cell = fc.oneof(fc.jsonValue(), fc.string({ minLength: 1 }), fc.constantFrom('true', 'false', ''));
  const time = fc.oneof(
    cell,
    fc.date({ noInvalidDate: true }).map((date) => date.toISOString().slice(0, 19).replace('T', ' ')),
  );
  const row = (...columns: string[]) =>
    fc.oneof(fc.jsonValue(), fc.record(Object.fromEntries(columns.map((column) => [column, cell]))));
  const changeRow = fc.oneof(
    fc.jsonValue(),
    fc.record({
      number: cell,
      state: fc.constantFrom('-1', '0'),
      approval: fc.constantFrom('approved', ''),
      on_hold: fc.constantFrom('false', 'true'),
      type: cell,
      'cmdb_ci.name': cell,
      start_date: time,
      end_date: time,
    }),
  );

  it('neither crashes the mapping nor gets an undeclared or unknown value through', () => {
    fc.assert(
      fc.property(
        row('sys_id', 'email', 'active', 'user_name', 'title', 'department.name'),
        fc.array(row('group.name', 'group.active')),
        fc.array(changeRow),
        (userRow, rows, changeRows) => {
          const changes = changeRows.map(readChange).filter((one) => one !== undefined);
          const windows = changeWindows(changes, RULE, NOON);
          expect(windows.endsAt === undefined || windows.endsAt > NOON).toBe(true);
          const user = readUser(userRow);
          if (user === undefined) return;
          const groups = groupNames(rows);
          const facts = { user, groups, projects: columnValues(rows, 'group.name'), changes: windows.active };
          expect(faultsOfAttributes('servicenow', userAttributes(facts))).toEqual([]);
        },
      ),
    );
  });

  it('maps items to texts only', () => {
    fc.assert(
      fc.property(row('sys_id', 'name', 'sys_class_name', ...Object.values(COLUMNS)), (itemRow) => {
        const item = readConfigurationItem(itemRow, COLUMNS, ['name']);
        if (item === undefined) return;
        const attributes = configurationItemAttributes(item, []);
        expect(isJsonObject(attributes) && Object.values(attributes).every((one) => typeof one === 'string')).toBe(
          true,
        );
      }),
    );
  });
});
