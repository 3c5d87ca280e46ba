import type { Company } from '../../company/company.js';
import { DEPARTMENTS } from '../../company/person.js';
import { SERVICE_GROUPS } from '../../company/service-records.js';
import { sysId } from '../../company/vendor-identifiers.js';

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

const text: Column = { kind: 'text' };
const boolean: Column = { kind: 'boolean' };
const time: Column = { kind: 'time' };
const reference = (table: TableName): Column => ({ kind: 'reference', table });
const choice = (labels: Readonly<Record<string, string>>): Column => ({ kind: 'choice', labels });

const record = { sys_id: text, sys_created_on: time, sys_updated_on: time };

const CHANGE_STATES = choice({
  '-5': 'New',
  '-4': 'Assess',
  '-3': 'Authorize',
  '-2': 'Scheduled',
  '-1': 'Implement',
  '0': 'Review',
  '3': 'Closed',
  '4': 'Canceled',
});
const INCIDENT_STATES = choice({ 1: 'New', 2: 'In Progress', 3: 'On Hold', 6: 'Resolved', 7: 'Closed', 8: 'Canceled' });

/** `YYYY-MM-DD HH:MM:SS` in UTC, without a mark of the zone: the form of stored times. */
export function storedTime(timeMs: number | undefined): string {
  return timeMs === undefined ? '' : new Date(timeMs).toISOString().slice(0, 19).replace('T', ' ');
}

const UPDATED = { sys_created_on: '2021-01-04 09:00:00', sys_updated_on: '2026-01-05 09:00:00' };

/** Accounts that only administrators may read. */
const HIDDEN_ACCOUNTS = ['svc.backup', 'svc.discovery', 'svc.mid', 'svc.sso', 'svc.soc', 'svc.legal', 'svc.audit'];

export const TABLES: Readonly<Record<TableName, Table>> = {
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
            ...UPDATED,
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
  cmdb_ci: {
    display: 'name',
    columns: {
      ...record,
      name: text,
      sys_class_name: choice({ cmdb_ci_database: 'Database', cmdb_ci_server: 'Server', cmdb_ci_service: 'Service' }),
      environment: choice({ production: 'Production', staging: 'Staging', development: 'Development', test: 'Test' }),
      used_for: text,
      owned_by: reference('sys_user'),
      managed_by: reference('sys_user'),
      support_group: reference('sys_user_group'),
      busines_criticality: text,
      fqdn: text,
      operational_status: choice({ 1: 'Operational', 2: 'Non-Operational', 6: 'Retired' }),
      install_status: choice({ 1: 'Installed', 7: 'Retired' }),
    },
    rows: (company) =>
      company.items.map((item) => ({
        values: {
          ...UPDATED,
          sys_id: itemSysId(item.key),
          name: item.name,
          sys_class_name: item.className,
          environment: item.environment,
          used_for: item.environment.charAt(0).toUpperCase() + item.environment.slice(1),
          owned_by: accountSysId(company, item.ownerLogin),
          managed_by: accountSysId(company, item.ownerLogin),
          support_group: sysId('sys_user_group', item.supportGroup),
          busines_criticality: item.criticality,
          fqdn: item.fqdn,
          operational_status: item.operational ? '1' : '6',
          install_status: item.operational ? '1' : '7',
        },
      })),
  },
  change_request: {
    display: 'number',
    columns: {
      ...record,
      number: text,
      short_description: text,
      assigned_to: reference('sys_user'),
      cmdb_ci: reference('cmdb_ci'),
      type: choice({ standard: 'Standard', normal: 'Normal', emergency: 'Emergency' }),
      state: CHANGE_STATES,
      approval: text,
      on_hold: boolean,
      active: boolean,
      start_date: time,
      end_date: time,
      work_start: time,
      work_end: time,
    },
    rows: (company) =>
      company.changes.map((change) => ({
        values: {
          ...UPDATED,
          sys_id: sysId('change_request', change.number),
          number: change.number,
          short_description: change.description,
          assigned_to: accountSysId(company, change.assignedTo),
          cmdb_ci: itemSysId(change.item),
          type: change.type,
          state: String(change.state),
          approval: change.approval,
          on_hold: String(change.onHold),
          active: String(change.state < 3),
          start_date: storedTime(change.start),
          end_date: storedTime(change.end),
          work_start: change.state >= -1 ? storedTime(change.start) : '',
          work_end: change.state >= 0 ? storedTime(change.end) : '',
        },
      })),
  },
  change_task: {
    display: 'number',
    columns: {
      ...record,
      number: text,
      short_description: text,
      change_request: reference('change_request'),
      assigned_to: reference('sys_user'),
      state: choice({ '-5': 'Pending', 1: 'Open', 2: 'In Progress', 3: 'Closed', 4: 'Canceled' }),
      active: boolean,
    },
    rows: (company) =>
      company.changes.map((change) => ({
        values: {
          ...UPDATED,
          sys_id: sysId('change_task', change.number),
          number: change.number.replace('CHG', 'CTASK'),
          short_description: change.description,
          change_request: sysId('change_request', change.number),
          assigned_to: accountSysId(company, change.assignedTo),
          state: change.state < 3 ? '1' : '3',
          active: String(change.state < 3),
        },
      })),
  },
  pm_project: {
    display: 'number',
    columns: {
      ...record,
      number: text,
      short_description: text,
      project_manager: reference('sys_user'),
      state: choice({ '-5': 'Pending', 1: 'Open', 2: 'Work in Progress', 3: 'Closed Complete' }),
      active: boolean,
    },
    rows: (company) =>
      company.projects.map((project) => ({
        values: {
          ...UPDATED,
          sys_id: sysId('pm_project', project.number),
          number: project.number,
          short_description: project.description,
          project_manager: accountSysId(company, project.managerLogin),
          state: project.active ? '2' : '3',
          active: String(project.active),
        },
      })),
  },
  pm_project_task: {
    display: 'number',
    columns: {
      ...record,
      number: text,
      short_description: text,
      assigned_to: reference('sys_user'),
      parent: reference('pm_project'),
      top_task: reference('pm_project'),
      state: choice({ '-5': 'Pending', 1: 'Open', 2: 'Work in Progress', 3: 'Closed Complete' }),
      active: boolean,
    },
    rows: (company) =>
      company.projects.flatMap((project) =>
        project.members.map((login, index) => ({
          values: {
            ...UPDATED,
            sys_id: sysId('pm_project_task', `${project.number}:${login}`),
            number: `${project.number.replace('PRJ', 'PRJTASK')}${index + 1}`,
            short_description: project.description,
            assigned_to: accountSysId(company, login),
            parent: sysId('pm_project', project.number),
            top_task: sysId('pm_project', project.number),
            state: project.active ? '2' : '3',
            active: String(project.active),
          },
        })),
      ),
  },
  incident: {
    display: 'number',
    columns: {
      ...record,
      number: text,
      short_description: text,
      assigned_to: reference('sys_user'),
      state: INCIDENT_STATES,
      active: boolean,
      priority: text,
    },
    rows: (company) =>
      company.incidents.map((incident) => ({
        values: {
          ...UPDATED,
          sys_id: sysId('incident', String(incident.number)),
          number: `INC${String(incident.number).padStart(7, '0')}`,
          short_description: incident.title,
          assigned_to: accountSysId(company, incident.assignedTo),
          state: incident.status === 'triggered' ? '1' : incident.status === 'acknowledged' ? '2' : '6',
          active: 'true',
          priority: incident.urgency === 'high' ? '1' : '4',
        },
      })),
  },
};

function named(table: TableName, name: string): Row {
  return { values: { ...UPDATED, sys_id: sysId(table, name), name } };
}

function itemSysId(key: string): string {
  return sysId('cmdb_ci', key);
}

function userSysId(userName: string): string {
  return sysId('sys_user', userName);
}

/** The active account of a person, else their first. */
function accountSysId(company: Company, login: string | undefined): string {
  const accounts = company.find(login)?.serviceNow ?? [];
  const account = accounts.find((candidate) => candidate.active) ?? accounts[0];
  return account === undefined ? '' : userSysId(account.userName);
}
