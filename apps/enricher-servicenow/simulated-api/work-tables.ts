import { sysId } from '@iris/simulation';
import {
  accountSysId,
  boolean,
  choice,
  record,
  reference,
  storedTime,
  type Table,
  type TableName,
  text,
  time,
  UPDATED,
} from './table-definition.js';

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

/** Configuration items, changes, projects and incidents. */
export const WORK_TABLES = {
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
} satisfies Partial<Record<TableName, Table>>;

function itemSysId(key: string): string {
  return sysId('cmdb_ci', key);
}
