import { type BulkItem, subjectOfAddress, type VendorCall, VendorError } from '@iris/enricher-kit';
import { CHANGE_FIELDS, USER_FIELDS } from './servicenow.columns.js';
import {
  type Change,
  changeWindows,
  columnValues,
  groupNames,
  readChange,
  readUser,
  type ServiceNowUser,
  userAttributes,
} from './servicenow.mapper.js';
import type { ServiceNowSettings } from './servicenow.settings.js';
import type { Condition, ServiceNowTables } from './servicenow.table.js';

type RowsOfUsers = ReadonlyMap<string, readonly unknown[]>;

/**
 * Reads everybody's facts by whole tables, joined here: users, memberships, projects and changes. An address that
 * several active users have is ambiguous, as it is in a lookup.
 */
export async function* readEverybody(
  tables: ServiceNowTables,
  settings: ServiceNowSettings,
  call: VendorCall,
): AsyncGenerator<BulkItem> {
  const active: Condition[] = [['active', 'true']];
  const rows = async (table: string, where: readonly Condition[], fields: readonly string[]) => {
    const found = await tables.read(table, { where, fields }, call.signal);
    if (found === undefined) throw new VendorError('bad_response', `ServiceNow refused a query of ${table}`);
    return found;
  };
  const groups = byColumn(await rows('sys_user_grmember', [], ['user', 'group.name', 'group.active']), 'user');
  const changes = byColumn(await rows('change_request', active, CHANGE_FIELDS), 'assigned_to');
  const projects = await readProjects(tables, settings, call.signal);

  for (const [address, users] of usersByAddress(await rows('sys_user', active, USER_FIELDS))) {
    const subject = subjectOfAddress(address);
    const [user] = users;
    if (subject === undefined || user === undefined) continue;
    if (users.length > 1) {
      yield { subject, finding: { status: 'NOT_FOUND', reason: 'subject_ambiguous' } };
      continue;
    }
    const own = (changes.get(user.sys_id) ?? [])
      .map(readChange)
      .filter((change): change is Change => change !== undefined);
    const windows = changeWindows(own, { states: settings['servicenow.changeStates'] }, call.now);
    const attributes = userAttributes({
      user,
      groups: groupNames(groups.get(user.sys_id) ?? []),
      projects: projects && [...(projects.get(user.sys_id) ?? [])].sort(),
      changes: windows.active,
    });
    yield { subject, finding: { status: 'FOUND', attributes, endsAt: windows.endsAt } };
  }
}

/** Numbers of projects by user; undefined when the instance lacks one of the tables. */
async function readProjects(
  tables: ServiceNowTables,
  settings: ServiceNowSettings,
  signal: AbortSignal,
): Promise<Map<string, Set<string>> | undefined> {
  const sources = settings['servicenow.projectSources'];
  if (sources.length === 0) return undefined;
  const projects = new Map<string, Set<string>>();
  for (const { table, userColumn, numberColumn } of sources) {
    const fields = [userColumn, 'active', numberColumn];
    const found = await tables.read(table, { where: [['active', 'true']], fields }, signal);
    if (found === undefined) return undefined;
    for (const [userId, rows] of byColumn(found, userColumn)) {
      const numbers = projects.get(userId) ?? new Set();
      for (const number of columnValues(rows, numberColumn)) numbers.add(number);
      projects.set(userId, numbers);
    }
  }
  return projects;
}

function usersByAddress(rows: readonly unknown[]): Map<string, ServiceNowUser[]> {
  const users = new Map<string, ServiceNowUser[]>();
  for (const row of rows) {
    const user = readUser(row);
    if (user?.active !== 'true') continue;
    const address = subjectOfAddress(user.email)?.principal;
    if (address !== undefined) users.set(address, [...(users.get(address) ?? []), user]);
  }
  return users;
}

function byColumn(rows: readonly unknown[], column: string): RowsOfUsers {
  const groups = new Map<string, unknown[]>();
  for (const row of rows) {
    const value = (row as Record<string, unknown> | null)?.[column];
    if (typeof value !== 'string' || value === '') continue;
    const group = groups.get(value);
    if (group === undefined) groups.set(value, [row]);
    else group.push(row);
  }
  return groups;
}
