import { isJsonObject, type ResourceRef, type Subject } from '@iris/contracts';
import {
  type BulkRead,
  type LookupResult,
  loginKey,
  sameAddress,
  type VendorCall,
  VendorError,
  VendorHttp,
  type VendorSource,
} from '@iris/enricher-kit';
import { readEverybody } from './servicenow.bulk.js';
import { CHANGE_FIELDS, USER_FIELDS } from './servicenow.columns.js';
import {
  activeUsersOf,
  type Change,
  type ConfigurationItem,
  changeWindows,
  columnValues,
  configurationItemAttributes,
  groupNames,
  itemsOf,
  readChanges,
  readConfigurationItem,
  readUser,
  userAttributes,
} from './servicenow.mapper.js';
import { type ServiceNowSettings, servicenowCredentials } from './servicenow.settings.js';
import { type Condition, isSafeValue, ServiceNowTables, type TableRows } from './servicenow.table.js';

/** Largest answer, in bytes. */
const MAX_BYTES = 16 * 1024 * 1024;
/** Enough to tell one record from several. */
const ENOUGH_USERS = 2;
const ENOUGH_ITEMS = 50;
const ACTIVE: Condition = ['active', 'true'];

/** Reads users, groups, projects, changes and the CMDB over the Table API. */
export class ServiceNowSource implements VendorSource {
  private readonly http: VendorHttp;
  private readonly tables: ServiceNowTables;

  constructor(private readonly settings: ServiceNowSettings) {
    this.http = new VendorHttp({
      baseUrl: settings['servicenow.url'],
      auth: servicenowCredentials(settings),
      timeoutMs: settings['servicenow.requestTimeoutMs'],
      maxBytes: MAX_BYTES,
    });
    this.tables = new ServiceNowTables(this.http);
  }

  async lookup(subject: Subject, call: VendorCall): Promise<LookupResult> {
    const login = loginKey(subject);
    if ('refused' in login) return login.refused;
    if (!isSafeValue(login.key)) return { status: 'NOT_FOUND', reason: 'subject_invalid' };
    const users = await this.users(login.key, call.signal);
    const [user] = users;
    if (user === undefined) return { status: 'NOT_FOUND', reason: 'subject_not_found' };
    if (users.length > 1) return { status: 'NOT_FOUND', reason: 'subject_ambiguous' };

    const [groups, projects, changes] = await Promise.all([
      this.groups(user.sys_id, call.signal),
      this.projects(user.sys_id, call.signal),
      this.changes(['assigned_to', user.sys_id], call.signal),
    ]);
    const windows = this.windowsOf(changes, call.now);
    const attributes = userAttributes({ user, groups, projects, changes: windows?.active });
    return { status: 'FOUND', attributes, endsAt: windows?.endsAt };
  }

  bulk(call: VendorCall): BulkRead {
    return readEverybody(this.tables, this.settings, call);
  }

  async lookupResource(resource: ResourceRef, call: VendorCall): Promise<LookupResult> {
    const classesOfKinds = this.settings['servicenow.ciClasses'];
    const classes = Object.hasOwn(classesOfKinds, resource.kind) ? classesOfKinds[resource.kind] : undefined;
    if (classes === undefined || !isSafeValue(resource.id)) return { status: 'NOT_FOUND', reason: 'subject_invalid' };
    const items = await this.items(resource.id, call.signal);
    const matches = itemsOf(resource.id, classes, items);
    const [item] = matches;
    if (item === undefined) return { status: 'NOT_FOUND', reason: 'subject_not_found' };
    if (matches.length > 1) return { status: 'NOT_FOUND', reason: 'subject_ambiguous' };

    const changes = await this.changes(['cmdb_ci', item.sys_id], call.signal);
    const windows = this.windowsOf(changes, call.now);
    return {
      status: 'FOUND',
      attributes: configurationItemAttributes(item, windows?.active),
      endsAt: windows?.endsAt,
    };
  }

  async close(): Promise<void> {
    await this.http.close();
  }

  /** Rows that may be the item of a name. The encoded query has no safe "or" for columns, so each is asked for. */
  private async items(name: string, signal: AbortSignal): Promise<ConfigurationItem[]> {
    const columns = this.settings['servicenow.ciColumns'];
    const nameColumns = this.settings['servicenow.ciNameColumns'];
    const fields = ['sys_id', 'sys_class_name', 'operational_status', 'install_status'];
    const wanted = [...new Set([...fields, ...nameColumns, ...Object.values(columns)])];
    const table = this.settings['servicenow.ciTable'];
    const found = await Promise.all(
      nameColumns.map(async (column) => {
        const { rows, missing } = await this.read(table, [[column, name]], wanted, signal, ENOUGH_ITEMS);
        // An instance without the column drops the condition and gives any items.
        return missing && rows.every((row) => cellOf(row, column) === undefined)
          ? { rows, missing: false }
          : { rows, missing };
      }),
    );
    if (found.some(({ missing }) => missing)) {
      throw new VendorError('bad_response', 'ServiceNow gives only a part of the items that were asked for');
    }
    return found.flatMap(({ rows }) =>
      rows.map((row) => {
        const item = readConfigurationItem(row, columns, nameColumns);
        if (item === undefined) throw new VendorError('bad_response', 'ServiceNow sent an item that is not understood');
        return item;
      }),
    );
  }

  private async users(address: string, signal: AbortSignal) {
    const where: Condition[] = [
      ['email', address],
      ['active', 'true'],
    ];
    const { rows, missing } = await this.read('sys_user', where, USER_FIELDS, signal, ENOUGH_USERS);
    const users = rows.map(readUser).filter((user) => user !== undefined);
    // Rows of others mean that the instance dropped a condition, so a missing row proves nothing.
    if (users.length < rows.length || users.some((user) => !sameAddress(user.email, address))) {
      throw new VendorError('bad_response', 'ServiceNow sent other users than asked for');
    }
    const matches = activeUsersOf(address, users);
    if (missing && matches.length < ENOUGH_USERS) {
      throw new VendorError('bad_response', 'ServiceNow hides a user that was asked for');
    }
    return matches;
  }

  /** Undefined when a row is hidden or not understood: a shorter list would be another fact. */
  private async groups(userId: string, signal: AbortSignal): Promise<string[] | undefined> {
    const fields = ['user', 'group.name', 'group.active'];
    const rows = whole(await this.read('sys_user_grmember', [['user', userId]], fields, signal), ['user', userId]);
    return rows && groupNames(rows);
  }

  /** Undefined also when the instance lacks one of the tables. */
  private async projects(userId: string, signal: AbortSignal): Promise<string[] | undefined> {
    const sources = this.settings['servicenow.projectSources'];
    if (sources.length === 0) return undefined;
    const parts = await Promise.all(
      sources.map(async ({ table, userColumn, numberColumn }) => {
        const owner: Condition = [userColumn, userId];
        const query = { where: [owner, ACTIVE], fields: [userColumn, 'active', numberColumn] };
        const found = await this.tables.read(table, query, signal);
        const rows = found && whole(found, owner);
        return rows && columnValues(rows, numberColumn);
      }),
    );
    return parts.includes(undefined) ? undefined : [...new Set(parts.flatMap((part) => part ?? []))].sort();
  }

  /** Undefined when a row is hidden or not understood. */
  private async changes(owner: Condition, signal: AbortSignal): Promise<Change[] | undefined> {
    const rows = whole(await this.read('change_request', [owner, ACTIVE], CHANGE_FIELDS, signal), owner);
    return rows && readChanges(rows);
  }

  private windowsOf(changes: readonly Change[] | undefined, now: number) {
    return changes && changeWindows(changes, { states: this.settings['servicenow.changeStates'] }, now);
  }

  private async read(
    table: string,
    where: readonly Condition[],
    fields: readonly string[],
    signal: AbortSignal,
    limit?: number,
  ): Promise<TableRows> {
    const rows = await this.tables.read(table, { where, fields, limit }, signal);
    if (rows === undefined) throw new VendorError('bad_response', `ServiceNow refused a query of ${table}`);
    return rows;
  }
}

/**
 * The rows of an owner; undefined when one is hidden, or its owner is. The instance may have dropped the condition, so
 * rows of others are left out.
 */
function whole({ rows, missing }: TableRows, [column, value]: Condition): readonly unknown[] | undefined {
  if (missing || rows.some((row) => cellOf(row, column) === undefined)) return undefined;
  return rows.filter((row) => cellOf(row, column) === value);
}

function cellOf(row: unknown, column: string): string | undefined {
  const value = isJsonObject(row) ? row[column] : undefined;
  return typeof value === 'string' ? value.trim() : undefined;
}
