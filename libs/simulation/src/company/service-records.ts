import { DAY_MS, HOUR_MS } from './dates.js';
import { loginOf } from './new-person.js';

/** A group of ServiceNow. */
export interface ServiceGroup {
  readonly name: string;
  readonly active: boolean;
}

/** A configuration item of the CMDB. */
export interface ConfigurationItem {
  /** Distinguishes items of one name. */
  readonly key: string;
  readonly name: string;
  readonly className: 'cmdb_ci_database' | 'cmdb_ci_server' | 'cmdb_ci_service';
  readonly environment: string;
  readonly supportGroup: string;
  readonly ownerLogin: string;
  /** As ServiceNow's choice list has it, for example `1 - most critical`. */
  readonly criticality: string;
  readonly fqdn: string;
  readonly operational: boolean;
}

/** A change request. Times are ms; an absent end is an open window. */
export interface ChangeRequest {
  readonly number: string;
  readonly description: string;
  readonly assignedTo: string;
  readonly item: string;
  readonly type: 'standard' | 'normal' | 'emergency';
  /** ServiceNow's number of the state: -5 New, -4 Assess, -3 Authorize, -2 Scheduled, -1 Implement, 0 Review, 3 Closed, 4 Canceled. */
  readonly state: number;
  readonly approval: 'not requested' | 'requested' | 'approved' | 'rejected';
  readonly onHold: boolean;
  readonly start: number;
  readonly end?: number;
}

export interface Project {
  readonly number: string;
  readonly description: string;
  readonly managerLogin: string;
  readonly active: boolean;
  /** Logins of those who have a task in it. */
  readonly members: readonly string[];
}

/** An incident of PagerDuty. Times are ms. */
export interface PagedIncident {
  readonly number: number;
  readonly title: string;
  readonly service: string;
  readonly status: 'triggered' | 'acknowledged' | 'resolved';
  readonly urgency: 'high' | 'low';
  readonly assignedTo: string;
  readonly createdAt: number;
}

export const SERVICE_GROUPS: readonly ServiceGroup[] = [
  { name: 'All Staff', active: true },
  { name: 'Database Operations', active: true },
  { name: 'Orders Support', active: true },
  { name: 'Billing Support', active: true },
  { name: 'HR Service Desk', active: true },
  { name: 'CAB Approval', active: true },
  { name: 'Legacy Ops', active: false },
];

function database(
  name: string,
  environment: string,
  supportGroup: string,
  owner: string,
  criticality: string,
): ConfigurationItem {
  return {
    key: name,
    name,
    className: 'cmdb_ci_database',
    environment,
    supportGroup,
    ownerLogin: loginOf(owner),
    criticality,
    fqdn: `${name}.db.lumen.example`,
    operational: true,
  };
}

export function companyItems(): ConfigurationItem[] {
  const analytics = database('analytics-prod', 'production', 'Database Operations', 'kai', '2 - somewhat critical');
  const orders = database('orders-prod', 'production', 'Orders Support', 'ana', '1 - most critical');
  return [
    orders,
    database('orders-staging', 'staging', 'Orders Support', 'ana', '3 - less critical'),
    database('orders-dev', 'development', 'Orders Support', 'ben', '4 - not critical'),
    database('billing-prod', 'production', 'Billing Support', 'kai', '1 - most critical'),
    database('billing-staging', 'staging', 'Billing Support', 'kai', '3 - less critical'),
    database('hr-prod', 'production', 'HR Service Desk', 'eve', '1 - most critical'),
    database('crm-prod', 'production', 'Database Operations', 'dev', '2 - somewhat critical'),
    analytics,
    { ...analytics, key: 'analytics-prod-retired', environment: 'test', operational: false },
    {
      ...orders,
      key: 'orders-app-1',
      name: 'orders-app-1',
      className: 'cmdb_ci_server',
      fqdn: 'orders-app-1.lumen.example',
    },
  ];
}

/** @param nowMs when the company is made: windows are told relative to it */
export function companyChanges(nowMs: number): ChangeRequest[] {
  const open = { start: nowMs - 2 * HOUR_MS, end: nowMs + 6 * HOUR_MS };
  const base = { type: 'normal', state: -1, approval: 'approved', onHold: false } as const;
  return [
    {
      ...base,
      ...open,
      number: 'CHG0030001',
      description: 'Add an index to orders',
      assignedTo: loginOf('ben'),
      item: 'orders-staging',
    },
    {
      ...base,
      number: 'CHG0030002',
      description: 'Upgrade the orders database',
      assignedTo: loginOf('ana'),
      item: 'orders-prod',
      state: -2,
      start: nowMs + DAY_MS,
      end: nowMs + DAY_MS + 2 * HOUR_MS,
    },
    {
      ...base,
      ...open,
      number: 'CHG0030003',
      description: 'Rotate billing credentials',
      assignedTo: loginOf('gus'),
      item: 'billing-prod',
      approval: 'requested',
    },
    {
      ...base,
      number: 'CHG0030004',
      description: 'Vacuum the orders database',
      assignedTo: loginOf('ana'),
      item: 'orders-prod',
      state: 3,
      start: nowMs - 3 * DAY_MS,
      end: nowMs - 3 * DAY_MS + HOUR_MS,
    },
    {
      ...base,
      ...open,
      number: 'CHG0030005',
      description: 'Resize the billing database',
      assignedTo: loginOf('uma'),
      item: 'billing-prod',
      onHold: true,
    },
    {
      ...base,
      number: 'CHG0030006',
      description: 'Restore CRM after an outage',
      assignedTo: loginOf('wes'),
      item: 'crm-prod',
      type: 'emergency',
      start: nowMs - HOUR_MS,
    },
  ];
}

export function companyProjects(): Project[] {
  const project = (number: string, description: string, manager: string, members: string[], active = true) => ({
    number,
    description,
    managerLogin: loginOf(manager),
    active,
    members: members.map(loginOf),
  });
  return [
    project('PRJ0010001', 'Orders Replatform', 'kai', ['ana', 'ben', 'gus']),
    project('PRJ0010002', 'Billing Ledger', 'kai', ['uma', 'ana']),
    project('PRJ0010003', 'People Data Cleanup', 'mia', ['eve', 'finn']),
    project('PRJ0010004', 'Office Move', 'mia', ['ana', 'hana'], false),
  ];
}

/** @param nowMs when the company is made */
export function companyIncidents(nowMs: number): PagedIncident[] {
  return [
    {
      number: 101,
      title: 'orders-api answers slowly',
      service: 'orders-api',
      status: 'acknowledged',
      urgency: 'high',
      assignedTo: loginOf('ana'),
      createdAt: nowMs - HOUR_MS,
    },
    {
      number: 87,
      title: 'billing-db replica lags',
      service: 'billing-db',
      status: 'triggered',
      urgency: 'low',
      assignedTo: loginOf('uma'),
      createdAt: nowMs - 45 * DAY_MS,
    },
    {
      number: 99,
      title: 'orders-db disk nearly full',
      service: 'orders-db',
      status: 'resolved',
      urgency: 'high',
      assignedTo: loginOf('ana'),
      createdAt: nowMs - 2 * DAY_MS,
    },
  ];
}
