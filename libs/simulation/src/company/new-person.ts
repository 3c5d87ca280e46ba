import {
  DEPARTMENTS,
  type Department,
  type EmploymentStatus,
  type HrRecord,
  type OktaStatus,
  type PagerDutyAccount,
  type Person,
  type ServiceNowAccount,
  type WorkerType,
} from './person.js';

/** What differs from one person to the next; the rest of a record follows from it. */
export interface PersonOutline {
  /** Local part of the login, for example `ana`. */
  readonly name: string;
  readonly firstName: string;
  readonly lastName: string;
  readonly department: Department;
  readonly title: string;
  /** Local part of the manager's login. */
  readonly manager?: string;
  readonly email?: string;
  readonly workerId: string;
  readonly workerType?: WorkerType;
  readonly employmentStatus?: EmploymentStatus;
  readonly hireDate: string;
  readonly terminationDate?: string;
  readonly location?: string;
  readonly country?: string;
  readonly oktaStatus?: OktaStatus;
  /** Groups beside those that department and kind of work give. */
  readonly groups?: readonly string[];
  readonly serviceNow?: readonly ServiceNowAccount[];
  readonly serviceNowGroups?: readonly string[];
  readonly pagerDuty?: PagerDutyAccount | false;
  readonly without?: readonly ('okta' | 'workday' | 'servicenow')[];
  readonly withoutWorkEmail?: boolean;
  readonly earlierHr?: readonly HrRecord[];
}

const COMPANY_DOMAIN = 'lumen.example';

/** Departments whose people have an account at PagerDuty. */
const PAGED_DEPARTMENTS: ReadonlySet<Department> = new Set(['Engineering', 'Support', 'Security']);

export function loginOf(name: string): string {
  return `${name}@${COMPANY_DOMAIN}`;
}

/** Makes the whole person. */
export function newPerson(outline: PersonOutline): Person {
  const login = loginOf(outline.name);
  const email = outline.email ?? login;
  const without = new Set(outline.without ?? []);
  const workerType = outline.workerType ?? 'employee';
  const createdAt = Date.parse(`${outline.hireDate}T08:00:00Z`);
  const paged = outline.pagerDuty ?? (PAGED_DEPARTMENTS.has(outline.department) ? { email, role: 'user' } : false);

  const hr: HrRecord = {
    workerId: outline.workerId,
    workerType,
    employmentStatus: outline.employmentStatus ?? 'active',
    title: outline.title,
    department: outline.department,
    costCenter: DEPARTMENTS[outline.department],
    managerLogin: outline.manager === undefined ? undefined : loginOf(outline.manager),
    location: outline.location ?? 'Lisbon',
    country: outline.country ?? 'Portugal',
    hireDate: outline.hireDate,
    terminationDate: outline.terminationDate,
    workEmail: outline.withoutWorkEmail ? undefined : email,
  };
  return {
    login,
    email,
    firstName: outline.firstName,
    lastName: outline.lastName,
    createdAt,
    updatedAt: createdAt,
    hr: without.has('workday') ? undefined : hr,
    earlierHr: outline.earlierHr ?? [],
    okta: without.has('okta')
      ? undefined
      : {
          status: outline.oktaStatus ?? 'ACTIVE',
          statusChangedAt: createdAt,
          lastUpdatedAt: createdAt,
          groups: [...groupsFor(outline.department, workerType), ...(outline.groups ?? [])],
          profile: {
            department: outline.department,
            title: outline.title,
            costCenter: DEPARTMENTS[outline.department],
            employeeNumber: outline.workerId,
            userType: workerType === 'employee' ? 'Employee' : 'Contingent Worker',
          },
        },
    serviceNow: without.has('servicenow')
      ? []
      : (outline.serviceNow ?? [
          {
            userName: login,
            active: outline.employmentStatus !== 'terminated',
            groups: ['All Staff', ...(outline.serviceNowGroups ?? [])],
          },
        ]),
    pagerDuty: paged === false ? undefined : paged,
  };
}

function groupsFor(department: Department, workerType: WorkerType): string[] {
  const groups = ['BUILT_IN:Everyone', `OKTA_GROUP:${department}`];
  groups.push(workerType === 'employee' ? 'OKTA_GROUP:Employees' : 'OKTA_GROUP:Contingent Workers');
  if (department === 'Sales' || department === 'Support') groups.push('APP_GROUP:CRM Users');
  if (department === 'People Ops') groups.push('OKTA_GROUP:HR Data');
  return groups;
}
