import { type Company, sysId } from '@iris/simulation';

/** A column: what its value is shown as. */
export type Column =
  | { readonly kind: 'text' | 'boolean' | 'time' }
  | { readonly kind: 'choice'; readonly labels: Readonly<Record<string, string>> }
  | { readonly kind: 'reference'; readonly table: TableName };

/** A record: every value is a text, as the Table API gives it. */
export interface Row {
  readonly values: Readonly<Record<string, string>>;
  /** Counts for paging but may not be read by the integration user. */
  readonly hidden?: boolean;
}

export interface Table {
  readonly columns: Readonly<Record<string, Column>>;
  /** The column that stands for the record where another refers to it. */
  readonly display: string;
  rows(company: Company): readonly Row[];
}

export type TableName =
  | 'sys_user'
  | 'sys_user_group'
  | 'sys_user_grmember'
  | 'cmn_department'
  | 'cmn_cost_center'
  | 'change_request'
  | 'change_task'
  | 'cmdb_ci'
  | 'pm_project'
  | 'pm_project_task'
  | 'incident';

/** The kinds of columns. */
export const text: Column = { kind: 'text' };
export const boolean: Column = { kind: 'boolean' };
export const time: Column = { kind: 'time' };
export const reference = (table: TableName): Column => ({ kind: 'reference', table });
export const choice = (labels: Readonly<Record<string, string>>): Column => ({ kind: 'choice', labels });

/** The columns that every table has. */
export const record = { sys_id: text, sys_created_on: time, sys_updated_on: time };

/** `YYYY-MM-DD HH:MM:SS` in UTC, without a mark of the zone: the form of stored times. */
export function storedTime(timeMs: number | undefined): string {
  return timeMs === undefined ? '' : new Date(timeMs).toISOString().slice(0, 19).replace('T', ' ');
}

/** When a record was made and changed, for those that the sandbox keeps no time of. */
export const UPDATED = { sys_created_on: '2021-01-04 09:00:00', sys_updated_on: '2026-01-05 09:00:00' };

export function userSysId(userName: string): string {
  return sysId('sys_user', userName);
}

/** The active account of a person, else their first. */
export function accountSysId(company: Company, login: string | undefined): string {
  const accounts = company.find(login)?.serviceNow ?? [];
  const account = accounts.find((candidate) => candidate.active) ?? accounts[0];
  return account === undefined ? '' : userSysId(account.userName);
}
