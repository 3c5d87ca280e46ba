import { type Company, type HrRecord, type Person, workdayId } from '@iris/simulation';

/** One worker record and the person it is of. */
export interface Worker {
  readonly person: Person;
  readonly hr: HrRecord;
}

const STATUS_NAMES = { active: 'Active', on_leave: 'On Leave', terminated: 'Terminated' } as const;
const TYPE_NAMES = { employee: 'Employee', contingent: 'Contingent Worker' } as const;

/** Every worker record, of those who left too. A person may have several. */
export function workersOf(company: Company): readonly Worker[] {
  return company.derived('workday', () =>
    company.people.flatMap((person) =>
      [...person.earlierHr, ...(person.hr ? [person.hr] : [])].map((hr) => ({ person, hr })),
    ),
  );
}

/**
 * One row of the report. Each worker shows another of the ways in which a report marks a value as empty: null, an
 * empty text, or no key at all.
 */
export function reportEntry(company: Company, worker: Worker): Record<string, unknown> {
  const { hr, person } = worker;
  const manager = company.find(hr.managerLogin);
  const entry: Record<string, unknown> = {
    Employee_ID: hr.workerId,
    Display_Name: displayName(person),
    Work_Email: hr.workEmail,
    Business_Title: hr.title,
    Job_Profile: hr.title,
    Worker_Type: TYPE_NAMES[hr.workerType],
    Worker_Status: STATUS_NAMES[hr.employmentStatus],
    Active: hr.employmentStatus === 'terminated' ? '0' : '1',
    On_Leave: hr.employmentStatus === 'on_leave' ? '1' : '0',
    Supervisory_Organization: hr.department,
    Cost_Center: hr.costCenter,
    Manager_Employee_ID: manager?.hr?.workerId,
    Manager_Work_Email: manager?.email,
    Worker_s_Manager_group: manager?.hr ? [{ Manager_ID: manager.hr.workerId }] : undefined,
    Location: hr.location,
    Country: hr.country,
    Hire_Date: hr.hireDate,
    Original_Hire_Date: person.earlierHr[0]?.hireDate ?? hr.hireDate,
    Termination_Date: hr.terminationDate,
  };
  const empty = [null, '', undefined][person.login.length % 3];
  return Object.fromEntries(Object.entries(entry).map(([key, value]) => [key, value ?? empty]));
}

/** The same row in XML, which is what a report gives unless JSON is asked for. */
export function reportXml(entries: readonly Record<string, unknown>[]): string {
  const rows = entries.map((entry) => {
    const cells = Object.entries(entry)
      .filter(([, value]) => typeof value === 'string' && value !== '')
      .map(([key, value]) => `<wd:${key}>${escapeXml(String(value))}</wd:${key}>`);
    return `<wd:Report_Entry>${cells.join('')}</wd:Report_Entry>`;
  });
  return `<?xml version='1.0' encoding='UTF-8'?><wd:Report_Data xmlns:wd="urn:com.workday.report/Iris">${rows.join('')}</wd:Report_Data>`;
}

export function escapeXml(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;');
}

export function workerWid(worker: Worker): string {
  return workdayId('worker', worker.hr.workerId);
}

/** A worker as the staffing service lists it. Keys without a value are left out. */
export function workerSummary(
  company: Company,
  worker: Worker,
  baseUrl: string,
  path: string,
): Record<string, unknown> {
  const { hr, person } = worker;
  const organization = workdayId('organization', hr.department);
  return {
    id: workerWid(worker),
    descriptor: displayName(person),
    href: `${baseUrl}${path}/${workerWid(worker)}`,
    businessTitle: hr.title,
    isManager: managerLogins(company).has(person.login),
    ...(hr.workEmail !== undefined && { primaryWorkEmail: hr.workEmail }),
    primarySupervisoryOrganization: {
      id: organization,
      descriptor: hr.department,
      href: `${baseUrl}/ccx/api/v1/lumen/supervisoryOrganizations/${organization}`,
    },
  };
}

/** A worker as the staffing service returns it alone. */
export function workerDetail(company: Company, worker: Worker, baseUrl: string, path: string): Record<string, unknown> {
  const hired = Date.parse(worker.hr.hireDate);
  return {
    ...workerSummary(company, worker, baseUrl, path),
    location: { id: workdayId('location', worker.hr.location), descriptor: worker.hr.location },
    supervisoryOrganizationsManaged: `${baseUrl}${path}/${workerWid(worker)}/supervisoryOrganizationsManaged`,
    yearsOfService: String(Math.max(0, Math.floor((company.now - hired) / (365.25 * 86_400_000)))),
  };
}

function displayName(person: Person): string {
  return `${person.firstName} ${person.lastName}`;
}

function managerLogins(company: Company): ReadonlySet<string> {
  return company.derived(
    'workday:managers',
    () => new Set(company.people.map((person) => person.hr?.managerLogin).filter((login) => login !== undefined)),
  );
}
