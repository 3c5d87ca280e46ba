import { type Json, type JsonObject, knownFacts } from '@iris/contracts';
import { sameAddress } from '@iris/enricher-kit';
import { DateTime } from 'luxon';
import { z } from 'zod';

/** What a column of the report holds, by the names that the mapping uses. */
export const COLUMN_NAMES = [
  'workerId',
  'email',
  'workerType',
  'status',
  'active',
  'onLeave',
  'department',
  'costCenter',
  'title',
  'managerEmail',
  'managerId',
  'location',
  'country',
  'hireDate',
  'terminationDate',
] as const;

/** The report's own name (XML alias) of each column. */
export type Columns = Readonly<Record<(typeof COLUMN_NAMES)[number], string>>;

/** The aliases that a report for Iris should use. */
export const DEFAULT_COLUMNS: Columns = {
  workerId: 'Employee_ID',
  email: 'Work_Email',
  workerType: 'Worker_Type',
  status: 'Worker_Status',
  active: 'Active',
  onLeave: 'On_Leave',
  department: 'Supervisory_Organization',
  costCenter: 'Cost_Center',
  title: 'Business_Title',
  managerEmail: 'Manager_Work_Email',
  managerId: 'Manager_Employee_ID',
  location: 'Location',
  country: 'Country',
  hireDate: 'Hire_Date',
  terminationDate: 'Termination_Date',
};

type EmploymentStatus = 'active' | 'on_leave' | 'terminated';
type EmployeeType = 'employee' | 'contingent';

/** One record of a person: a person who was a contractor and is now an employee has two. */
export interface WorkerRecord {
  readonly workerId: string;
  readonly email?: string;
  readonly employeeType?: EmployeeType;
  /** Undefined when the record does not tell. */
  readonly employmentStatus?: EmploymentStatus;
  /** First day of the employment has not come yet. */
  readonly upcoming: boolean;
  /** Epoch ms when the record changes by itself: the day of hire begins, or the last day is over. */
  readonly endsAt?: number;
  readonly attributes: JsonObject;
}

/** Rows of a report, or undefined when the answer holds none: without the key it says nothing of anybody. */
export function readReport(payload: unknown): readonly unknown[] | undefined {
  const parsed = z.object({ Report_Entry: z.array(z.unknown()) }).safeParse(payload);
  return parsed.success ? parsed.data.Report_Entry : undefined;
}

/**
 * A record of one row, or undefined when the row has no worker id or a date that cannot be read.
 *
 * @param zone IANA time zone of the tenant, in which its days begin
 * @param now epoch ms
 */
export function readWorker(row: unknown, columns: Columns, zone: string, now: number): WorkerRecord | undefined {
  const cell = (name: keyof Columns) => readCell(row, columns[name]);
  const workerId = cell('workerId');
  const hireDate = readDate(cell('hireDate'), zone);
  const terminationDate = readDate(cell('terminationDate'), zone);
  if (workerId === undefined || hireDate === 'unreadable' || terminationDate === 'unreadable') return undefined;

  const rehired = hireDate !== undefined && terminationDate !== undefined && hireDate > terminationDate;
  const lastDay = rehired ? undefined : terminationDate;
  const firstMoment = hireDate?.toMillis();
  const endOfLastDay = lastDay?.plus({ days: 1 }).startOf('day').toMillis();
  const employmentStatus =
    endOfLastDay !== undefined && endOfLastDay <= now
      ? 'terminated'
      : readStatus(cell('status'), cell('active'), cell('onLeave'));
  const employeeType = readEmployeeType(cell('workerType'));
  const edges = [firstMoment, endOfLastDay].filter((at) => at !== undefined && at > now) as number[];
  return {
    workerId,
    email: cell('email'),
    employeeType,
    employmentStatus,
    upcoming: firstMoment !== undefined && firstMoment > now,
    endsAt: edges.length === 0 ? undefined : Math.min(...edges),
    attributes: knownFacts({
      workerId,
      employmentStatus,
      employeeType,
      department: cell('department'),
      costCenter: cell('costCenter'),
      title: cell('title'),
      manager: cell('managerEmail') ?? cell('managerId'),
      location: cell('location'),
      country: cell('country'),
      hireDate: hireDate?.toISODate() ?? undefined,
      terminationDate: lastDay?.toISODate() ?? undefined,
    }),
  };
}

/** The work e-mail of one row. */
export function readAddress(row: unknown, columns: Columns): string | undefined {
  return readCell(row, columns.email);
}

/** The records of exactly this work e-mail: a report that ignores the prompt gives everybody's. */
export function workersOf(address: string, workers: readonly WorkerRecord[]): WorkerRecord[] {
  return workers.filter((worker) => worker.email !== undefined && sameAddress(worker.email, address));
}

/** The record that counts, or why none does. */
export type Resolved =
  | { readonly worker: WorkerRecord; readonly endsAt?: number }
  | { readonly reason: 'subject_not_found' | 'subject_ambiguous' };

/**
 * Of several records of one person the first of these counts: active employee, employee on leave, active contingent
 * worker, contingent worker on leave, record that does not tell its status, terminated. A record whose employment has
 * not begun does not count yet. Two different workers of the same rank are ambiguous.
 */
export function resolveWorker(records: readonly WorkerRecord[]): Resolved {
  const begun = records.filter((record) => !record.upcoming).sort((one, other) => rank(one) - rank(other));
  const [first] = begun;
  if (first === undefined) return { reason: 'subject_not_found' };
  const rivals = begun.filter((record) => rank(record) === rank(first) && record.workerId !== first.workerId);
  if (rivals.length > 0 && first.employmentStatus !== 'terminated') return { reason: 'subject_ambiguous' };
  const edges = records.map((record) => record.endsAt).filter((at) => at !== undefined);
  return { worker: first, endsAt: edges.length === 0 ? undefined : Math.min(...edges) };
}

function rank(record: WorkerRecord): number {
  const statuses: readonly (EmploymentStatus | undefined)[] = ['active', 'on_leave', undefined, 'terminated'];
  const status = statuses.indexOf(record.employmentStatus);
  // Below "on leave" the type no longer matters: nobody of these works.
  if (status >= 2) return 10 + status;
  return record.employeeType === 'employee' ? status : record.employeeType === 'contingent' ? 2 + status : 4 + status;
}

function readCell(row: unknown, column: string): string | undefined {
  return typeof row === 'object' && row !== null && Object.hasOwn(row, column)
    ? cellText((row as Record<string, unknown>)[column])
    : undefined;
}

/** The text of a cell: reports give numbers and booleans as text or not, and a reference as a list of one. */
function cellText(value: unknown): string | undefined {
  if (typeof value === 'string') return value.trim() || undefined;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (Array.isArray(value) && value.length === 1) {
    const [only] = value;
    const values: unknown[] = typeof only === 'object' && only !== null ? Object.values(only) : [only];
    return values.length === 1 && typeof values[0] === 'string' ? values[0].trim() || undefined : undefined;
  }
  return undefined;
}

/** `YYYY-MM-DD`, which a report may follow by an offset, as the begin of that day. */
function readDate(text: string | undefined, zone: string): DateTime | undefined | 'unreadable' {
  if (text === undefined) return undefined;
  const date = /^(\d{4}-\d{2}-\d{2})(?:Z|[+-]\d{2}:\d{2}|T.*)?$/.exec(text)?.[1];
  const day = date === undefined ? undefined : DateTime.fromISO(date, { zone }).startOf('day');
  return day?.isValid ? day : 'unreadable';
}

/** On leave is not terminated: Workday keeps a worker on leave active. */
function readStatus(
  status: string | undefined,
  active: string | undefined,
  onLeave: string | undefined,
): EmploymentStatus | undefined {
  const word = status?.toLowerCase().replace(/[\s_-]+/g, ' ');
  if (word === 'terminated' || readFlag(active) === false) return 'terminated';
  if (word === 'on leave' || readFlag(onLeave) === true) return 'on_leave';
  if (word === 'active' || (word === undefined && readFlag(active) === true)) return 'active';
  return undefined;
}

function readFlag(text: string | undefined): boolean | undefined {
  switch (text?.toLowerCase()) {
    case '1':
    case 'true':
    case 'yes':
      return true;
    case '0':
    case 'false':
    case 'no':
      return false;
    default:
      return undefined;
  }
}

function readEmployeeType(text: string | undefined): EmployeeType | undefined {
  const word = text?.toLowerCase();
  if (word === 'employee') return 'employee';
  if (word === 'contingent worker' || word === 'contingent') return 'contingent';
  return undefined;
}

const text = z.string().trim().min(1).optional().catch(undefined);
const restWorkerSchema = z.object({
  id: z.string().min(1),
  primaryWorkEmail: text,
  businessTitle: text,
  primarySupervisoryOrganization: z.object({ descriptor: text }).optional().catch(undefined),
  location: z.object({ descriptor: text }).optional().catch(undefined),
});

/** A worker of the REST API. */
export type RestWorker = z.infer<typeof restWorkerSchema>;

/** A worker as the REST API gives it, or undefined when the answer is none. */
export function readRestWorker(payload: unknown): RestWorker | undefined {
  const parsed = restWorkerSchema.safeParse(payload);
  return parsed.success ? parsed.data : undefined;
}

/** The attributes of a worker of the REST API, which does not tell whether somebody is on leave. */
export function restWorkerAttributes(worker: RestWorker): JsonObject {
  const facts: Record<string, Json | undefined> = {
    workerId: worker.id,
    title: worker.businessTitle,
    department: worker.primarySupervisoryOrganization?.descriptor,
    location: worker.location?.descriptor,
  };
  return knownFacts(facts);
}
