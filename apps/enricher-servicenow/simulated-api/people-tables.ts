import { DEPARTMENTS, SERVICE_GROUPS, sysId } from '@iris/simulation';
import {
  accountSysId,
  boolean,
  type Row,
  record,
  reference,
  storedTime,
  type Table,
  type TableName,
  text,
  UPDATED,
  userSysId,
} from './table-definition.js';

/** Accounts that only administrators may read. */
const HIDDEN_ACCOUNTS = ['svc.backup', 'svc.discovery', 'svc.mid', 'svc.sso', 'svc.soc', 'svc.legal', 'svc.audit'];

/** Users, their groups and where they belong. */
export const PEOPLE_TABLES = {
  sys_user: {
    display: 'name',
    columns: {
      ...record,
      user_name: text,
      email: text,
      name: text,
      first_name: text,
      last_name: text,
      active: boolean,
      locked_out: boolean,
      title: text,
      department: reference('cmn_department'),
      cost_center: reference('cmn_cost_center'),
      manager: reference('sys_user'),
      employee_number: text,
      vip: boolean,
      time_zone: text,
    },
    rows: (company) => [
      ...company.people.flatMap((person) =>
        person.serviceNow.map((account) => ({
          hidden: account.hiddenByAcl,
          values: {
            sys_created_on: storedTime(person.createdAt),
            sys_updated_on: storedTime(person.updatedAt),
            sys_id: userSysId(account.userName),
            user_name: account.userName,
            email: person.email,
            name: `${person.firstName} ${person.lastName}`,
            first_name: person.firstName,
            last_name: person.lastName,
            active: String(account.active),
            locked_out: 'false',
            title: person.hr?.title ?? '',
            department: person.hr ? sysId('cmn_department', person.hr.department) : '',
            cost_center: person.hr ? sysId('cmn_cost_center', person.hr.costCenter) : '',
            manager: accountSysId(company, person.hr?.managerLogin),
            employee_number: person.hr?.workerId ?? '',
            vip: String(person.hr?.title.startsWith('Chief') ?? false),
            time_zone: '',
          },
        })),
      ),
      ...HIDDEN_ACCOUNTS.map((name) => ({
        hidden: true,
        values: { ...UPDATED, sys_id: userSysId(name), user_name: name, name, active: 'true', locked_out: 'false' },
      })),
    ],
  },
  cmn_department: {
    display: 'name',
    columns: { ...record, name: text },
    rows: (company) => {
      const inUse = company.people.map((person) => person.hr?.department).filter((name) => name !== undefined);
      return [...new Set([...Object.keys(DEPARTMENTS), ...inUse])].map((name) => named('cmn_department', name));
    },
  },
  cmn_cost_center: {
    display: 'name',
    columns: { ...record, name: text },
    rows: (company) => {
      const inUse = company.people.map((person) => person.hr?.costCenter).filter((name) => name !== undefined);
      return [...new Set([...Object.values(DEPARTMENTS), ...inUse])].map((name) => named('cmn_cost_center', name));
    },
  },
  sys_user_group: {
    display: 'name',
    columns: {
      ...record,
      name: text,
      active: boolean,
      manager: reference('sys_user'),
      parent: reference('sys_user_group'),
    },
    rows: () =>
      SERVICE_GROUPS.map((group) => ({
        values: {
          ...named('sys_user_group', group.name).values,
          active: String(group.active),
          manager: '',
          parent: '',
        },
      })),
  },
  sys_user_grmember: {
    display: 'sys_id',
    columns: { ...record, user: reference('sys_user'), group: reference('sys_user_group') },
    rows: (company) =>
      company.people.flatMap((person) =>
        person.serviceNow.flatMap((account) =>
          account.groups.map((group) => ({
            values: {
              ...UPDATED,
              sys_id: sysId('sys_user_grmember', `${account.userName}:${group}`),
              user: userSysId(account.userName),
              group: sysId('sys_user_group', group),
            },
          })),
        ),
      ),
  },
} satisfies Partial<Record<TableName, Table>>;

function named(table: TableName, name: string): Row {
  return { values: { ...UPDATED, sys_id: sysId(table, name), name } };
}
