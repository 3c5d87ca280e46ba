/** The departments of the company and their cost centers. */
export const DEPARTMENTS = {
  Engineering: 'CC-100 Engineering',
  Sales: 'CC-200 Sales',
  'People Ops': 'CC-300 People Ops',
  Finance: 'CC-400 Finance',
  Support: 'CC-500 Support',
  Security: 'CC-600 Security',
} as const;

export type Department = keyof typeof DEPARTMENTS;

export const DEPARTMENT_NAMES = Object.keys(DEPARTMENTS) as [Department, ...Department[]];

export const EMPLOYMENT_STATUSES = ['active', 'on_leave', 'terminated'] as const;
export type EmploymentStatus = (typeof EMPLOYMENT_STATUSES)[number];

export const WORKER_TYPES = ['employee', 'contingent'] as const;
export type WorkerType = (typeof WORKER_TYPES)[number];

/** Okta's statuses of a user. */
export const OKTA_STATUSES = [
  'STAGED',
  'PROVISIONED',
  'ACTIVE',
  'RECOVERY',
  'LOCKED_OUT',
  'PASSWORD_EXPIRED',
  'SUSPENDED',
  'DEPROVISIONED',
] as const;
export type OktaStatus = (typeof OKTA_STATUSES)[number];

/** One worker record of Workday. Dates are YYYY-MM-DD. */
export interface HrRecord {
  readonly workerId: string;
  readonly workerType: WorkerType;
  readonly employmentStatus: EmploymentStatus;
  readonly title: string;
  readonly department: string;
  readonly costCenter: string;
  readonly managerLogin?: string;
  readonly location: string;
  readonly country: string;
  readonly hireDate: string;
  readonly terminationDate?: string;
  /** Absent for a contingent worker who was entered without one. */
  readonly workEmail?: string;
}

/** The person's account at Okta. Times are ms. */
export interface OktaAccount {
  readonly status: OktaStatus;
  readonly statusChangedAt: number;
  readonly lastUpdatedAt: number;
  /** Keys of groups, `<type>:<name>`. */
  readonly groups: readonly string[];
  /** Attributes of the profile that differ from the HR record, or have no place in it. */
  readonly profile: Readonly<Record<string, string | number | boolean | readonly string[]>>;
}

/** One sys_user record of ServiceNow. */
export interface ServiceNowAccount {
  readonly userName: string;
  readonly active: boolean;
  /** Names of groups. */
  readonly groups: readonly string[];
  /** Whether the integration user may not read the record: it counts for paging but is not shown. */
  readonly hiddenByAcl?: boolean;
}

export interface PagerDutyAccount {
  /** As entered at PagerDuty, where case may differ. */
  readonly email: string;
  readonly role: 'admin' | 'user' | 'limited_user' | 'observer' | 'owner' | 'read_only_user';
}

/** A person of the company and the accounts they have at the vendors; an absent account is unknown to that vendor. */
export interface Person {
  /** The name they sign in with, lower case; also their login at Tailscale. */
  readonly login: string;
  readonly email: string;
  readonly firstName: string;
  readonly lastName: string;
  /** Ms. */
  readonly createdAt: number;
  /** When anything about the person changed last, in ms. */
  readonly updatedAt: number;
  readonly hr?: HrRecord;
  /** Earlier worker records, for example of a contingent worker who was hired. */
  readonly earlierHr: readonly HrRecord[];
  readonly okta?: OktaAccount;
  readonly serviceNow: readonly ServiceNowAccount[];
  readonly pagerDuty?: PagerDutyAccount;
}
