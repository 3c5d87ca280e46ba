import { isJsonObject } from '@iris/contracts';
import { type BulkRead, subjectOfAddress, type VendorCall, VendorError } from '@iris/enricher-kit';
import { CHANGE_FIELDS, USER_FIELDS } from './servicenow.columns.js';
import {
  changeWindows,
  columnValues,
  groupNames,
  readChanges,
  readUser,
  type ServiceNowUser,
  userAttributes,
} from './servicenow.mapper.js';
import type { ServiceNowSettings } from './servicenow.settings.js';
import type { Condition, ServiceNowTables } from './servicenow.table.js';

/** Reads one fact of a person by the sys_id; undefined when it is not known. */
type FactOf<T> = (userId: string) => T | undefined;

const ACTIVE: readonly Condition[] = [['active', 'true']];

/**
 * Reads everybody's facts by whole tables, joined here: users, memberships, projects and changes. An address that
 * several active users have is ambiguous, as it is in a lookup.
 *
 * A row that is not understood leaves out the fact of its owner. A row that is hidden, or whose owner cannot be read,
 * leaves the fact out for everybody, because it may be anybody's.
 */
export async function* readEverybody(
  tables: ServiceNowTables,
  settings: ServiceNowSettings,
  call: VendorCall,
): BulkRead {
  const rule = { states: settings['servicenow.changeStates'] };
  const factOf = <T>(...table: [string, readonly Condition[], string[], string, (rows: readonly unknown[]) => T]) =>
    readFact(tables, call, ...table);
  const membership = ['user', 'group.name', 'group.active'];
  const groupsOf = await factOf('sys_user_grmember', [], membership, 'user', groupNames);
  const changesOf = await factOf('change_request', ACTIVE, CHANGE_FIELDS, 'assigned_to', readChanges);
  if (groupsOf === undefined || changesOf === undefined) {
    throw new VendorError('bad_response', 'ServiceNow refused a query of sys_user_grmember or change_request');
  }
  const projectsOf = await readProjects(tables, settings, call);

  for (const [address, users] of await usersByAddress(tables, call)) {
    const subject = subjectOfAddress(address);
    const [user] = users;
    if (subject === undefined || user === undefined) continue;
    if (users.length > 1) {
      yield { subject, result: { status: 'NOT_FOUND', reason: 'subject_ambiguous' } };
      continue;
    }
    const changes = changesOf(user.sys_id);
    const windows = changes && changeWindows(changes, rule, call.now);
    const facts = { groups: groupsOf(user.sys_id), projects: projectsOf?.(user.sys_id), changes: windows?.active };
    const partial =
      facts.groups === undefined || changes === undefined || (projectsOf !== undefined && facts.projects === undefined);
    const attributes = userAttributes({ user, ...facts });
    yield { subject, partial, result: { status: 'FOUND', attributes, endsAt: windows?.endsAt } };
  }
}

/**
 * A fact of everybody by the rows of one table.
 *
 * @returns undefined when the instance has no such table
 */
async function readFact<T>(
  tables: ServiceNowTables,
  { signal, leftOut }: VendorCall,
  table: string,
  where: readonly Condition[],
  fields: readonly string[],
  ownerColumn: string,
  read: (rows: readonly unknown[]) => T | undefined,
): Promise<FactOf<T> | undefined> {
  const found = await tables.read(table, { where, fields, waits: true }, signal);
  if (found === undefined) return undefined;
  const owned = new Map<string, unknown[]>();
  let ownerless = 0;
  for (const row of found.rows) {
    const owner = isJsonObject(row) ? row[ownerColumn] : undefined;
    if (owner === '') continue;
    if (typeof owner !== 'string') {
      ownerless += 1;
      leftOut?.(table, isJsonObject(row) ? row.sys_id : undefined);
    } else owned.set(owner, [...(owned.get(owner) ?? []), row]);
  }
  if (found.missing) leftOut?.(`${table} (hidden)`);
  if (found.missing || ownerless > 0) return () => undefined;
  const facts = new Map<string, T | undefined>();
  for (const [owner, rows] of owned) {
    const fact = read(rows);
    if (fact === undefined) leftOut?.(table, owner);
    facts.set(owner, fact);
  }
  const none = read([]);
  return (userId) => (facts.has(userId) ? facts.get(userId) : none);
}

/** Numbers of projects by user; undefined when the instance lacks one of the tables, or none is configured. */
async function readProjects(
  tables: ServiceNowTables,
  settings: ServiceNowSettings,
  call: VendorCall,
): Promise<FactOf<string[]> | undefined> {
  const sources = settings['servicenow.projectSources'];
  if (sources.length === 0) return undefined;
  const parts: FactOf<string[]>[] = [];
  for (const { table, userColumn, numberColumn } of sources) {
    const fields = [userColumn, 'active', numberColumn];
    const part = await readFact(tables, call, table, ACTIVE, fields, userColumn, (rows) =>
      columnValues(rows, numberColumn),
    );
    if (part === undefined) return undefined;
    parts.push(part);
  }
  return (userId) => {
    const numbers = parts.map((part) => part(userId));
    return numbers.includes(undefined) ? undefined : [...new Set(numbers.flatMap((some) => some ?? []))].sort();
  };
}

/** Active users; one that is not understood or hidden is left out, and is looked up when it is asked for. */
async function usersByAddress(
  tables: ServiceNowTables,
  { signal, leftOut }: VendorCall,
): Promise<Map<string, ServiceNowUser[]>> {
  const found = await tables.read('sys_user', { where: ACTIVE, fields: USER_FIELDS, waits: true }, signal);
  if (found === undefined) throw new VendorError('bad_response', 'ServiceNow refused a query of sys_user');
  if (found.missing) leftOut?.('sys_user (hidden)');
  const users = new Map<string, ServiceNowUser[]>();
  for (const row of found.rows) {
    const user = readUser(row);
    if (user === undefined && !hasNoAddress(row)) leftOut?.('sys_user', isJsonObject(row) ? row.sys_id : undefined);
    if (user?.active !== 'true') continue;
    const address = subjectOfAddress(user.email)?.principal;
    if (address !== undefined) users.set(address, [...(users.get(address) ?? []), user]);
  }
  return users;
}

/** A user without an address is nobody's, for example an integration user. */
function hasNoAddress(row: unknown): boolean {
  return isJsonObject(row) && row.email === '';
}
