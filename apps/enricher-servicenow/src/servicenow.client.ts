import type { ResourceRef, Subject } from '@iris/contracts';
import {
  type BulkItem,
  type Finding,
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
  readChange,
  readConfigurationItem,
  readUser,
  userAttributes,
} from './servicenow.mapper.js';
import { type ServiceNowSettings, servicenowCredentials } from './servicenow.settings.js';
import { type Condition, isSafeValue, ServiceNowTables } from './servicenow.table.js';

/** Largest answer, in bytes. */
const MAX_BYTES = 16 * 1024 * 1024;
/** Enough to tell one record from several. */
const ENOUGH_USERS = 2;
const ENOUGH_ITEMS = 50;

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

  async lookup(subject: Subject, call: VendorCall): Promise<Finding> {
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
    const windows = changeWindows(changes, { states: this.settings['servicenow.changeStates'] }, call.now);
    const attributes = userAttributes({ user, groups, projects, changes: windows.active });
    return { status: 'FOUND', attributes, endsAt: windows.endsAt };
  }

  bulk(call: VendorCall): AsyncGenerator<BulkItem> {
    return readEverybody(this.tables, this.settings, call);
  }

  async lookupResource(resource: ResourceRef, call: VendorCall): Promise<Finding> {
    const classesOfKinds = this.settings['servicenow.ciClasses'];
    const classes = Object.hasOwn(classesOfKinds, resource.kind) ? classesOfKinds[resource.kind] : undefined;
    if (classes === undefined || !isSafeValue(resource.id)) return { status: 'NOT_FOUND', reason: 'subject_invalid' };
    const items = await this.items(resource.id, call.signal);
    const matches = itemsOf(resource.id, classes, items);
    const [item] = matches;
    if (item === undefined) return { status: 'NOT_FOUND', reason: 'subject_not_found' };
    if (matches.length > 1) return { status: 'NOT_FOUND', reason: 'subject_ambiguous' };

    const changes = await this.changes(['cmdb_ci', item.sys_id], call.signal);
    const windows = changeWindows(changes, { states: this.settings['servicenow.changeStates'] }, call.now);
    return {
      status: 'FOUND',
      attributes: configurationItemAttributes(item, windows.active),
      endsAt: windows.endsAt,
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
    const rows = await Promise.all(
      nameColumns.map((column) => this.rows(table, [[column, name]], wanted, signal, ENOUGH_ITEMS)),
    );
    return rows
      .flat()
      .map((row) => readConfigurationItem(row, columns, nameColumns))
      .filter((item) => item !== undefined);
  }

  private async users(address: string, signal: AbortSignal) {
    const where: Condition[] = [
      ['email', address],
      ['active', 'true'],
    ];
    const rows = await this.rows('sys_user', where, USER_FIELDS, signal, ENOUGH_USERS);
    const users = rows.map(readUser).filter((user) => user !== undefined);
    const matches = activeUsersOf(address, users);
    // Rows of others mean that the instance dropped a condition, so a missing row says nothing.
    if (rows.length > 0 && matches.length === 0 && users.every((user) => !sameAddress(user.email, address))) {
      throw new VendorError('bad_response', 'ServiceNow sent other users than asked for');
    }
    return matches;
  }

  private async groups(userId: string, signal: AbortSignal): Promise<string[]> {
    const fields = ['user', 'group.name', 'group.active'];
    return groupNames(await this.own('sys_user_grmember', ['user', userId], [], fields, signal));
  }

  /** Undefined when the instance lacks one of the tables: then nothing is known of projects. */
  private async projects(userId: string, signal: AbortSignal): Promise<string[] | undefined> {
    const sources = this.settings['servicenow.projectSources'];
    const parts = await Promise.all(
      sources.map(async ({ table, userColumn, numberColumn }) => {
        const query = {
          where: [[userColumn, userId] as const, ['active', 'true'] as const],
          fields: [userColumn, 'active', numberColumn],
        };
        const rows = await this.tables.read(table, query, signal);
        return rows === undefined ? undefined : columnValues(only(rows, [userColumn, userId]), numberColumn);
      }),
    );
    const known = parts.filter((part) => part !== undefined);
    if (known.length === 0 || known.length < parts.length) return undefined;
    return [...new Set(known.flat())].sort();
  }

  private async changes(owner: Condition, signal: AbortSignal): Promise<Change[]> {
    const rows = await this.own('change_request', owner, [['active', 'true']], CHANGE_FIELDS, signal);
    return rows.map(readChange).filter((change) => change !== undefined);
  }

  /** Rows whose column has the value: checked again, because the instance may have dropped the condition. */
  private async own(
    table: string,
    owner: Condition,
    where: readonly Condition[],
    fields: readonly string[],
    signal: AbortSignal,
  ): Promise<unknown[]> {
    return only(await this.rows(table, [owner, ...where], fields, signal), owner);
  }

  private async rows(
    table: string,
    where: readonly Condition[],
    fields: readonly string[],
    signal: AbortSignal,
    limit?: number,
  ): Promise<unknown[]> {
    const rows = await this.tables.read(table, { where, fields, limit }, signal);
    if (rows === undefined) throw new VendorError('bad_response', `ServiceNow refused a query of ${table}`);
    return rows;
  }
}

function only(rows: readonly unknown[], [column, value]: Condition): unknown[] {
  return rows.filter((row) => (row as Record<string, unknown> | null)?.[column] === value);
}
