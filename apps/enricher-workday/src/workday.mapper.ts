import { type JsonObject, knownFacts } from '@iris/contracts';
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
  'primaryJob',
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
  primaryJob: 'Primary_Job',
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
  /** Whether this is the primary job of a worker with several; undefined when the record does not tell. */
  readonly primary?: boolean;
  /** Epoch ms of the first day. */
  readonly hiredAt?: number;
  /** First day of the employment has not come yet. */
  readonly upcoming: boolean;
  /** Epoch ms when the record changes by itself: the day of hire begins, or the last day is over. */
  readonly endsAt?: number;
  readonly attributes: JsonObject;
}

/** The list of a report that holds its rows. */
export const REPORT_ROWS = 'Report_Entry';

/** Rows of a report, or undefined when the answer holds none: without the key it is no answer. */
export function readReport(payload: unknown): readonly unknown[] | undefined {
  const parsed = z.object({ [REPORT_ROWS]: z.array(z.unknown()) }).safeParse(payload);
  return parsed.success ? parsed.data[REPORT_ROWS] : undefined;
}

/**
 * A record of one row, or undefined when the row has no worker id, or an e-mail address or a date that cannot be read.
 *
 * @param zone IANA time zone of the tenant, in which its days begin
 * @param now epoch ms
 */
export function readWorker(row: unknown, columns: Columns, zone: string, now: number): WorkerRecord | undefined {
  const read = (name: keyof Columns, kind?: CellKind) => readCell(row, columns[name], kind);
  const known = (name: keyof Columns, kind?: CellKind) => {
    const value = read(name, kind);
    return value === UNREADABLE ? undefined : value;
  };
  const workerId = read('workerId', 'code');
  const email = read('email');
  const dates = employmentDates(read('hireDate'), read('terminationDate'), zone, now);
  if (workerId === undefined || workerId === UNREADABLE || email === UNREADABLE || dates === undefined)
    return undefined;

  const employmentStatus = dates.hasEnded
    ? 'terminated'
    : readStatus(read('status'), readFlag(read('active', 'flag')), readFlag(read('onLeave', 'flag')));
  const employeeType = readEmployeeType(known('workerType'));
  return {
    workerId,
    email,
    employeeType,
    employmentStatus,
    primary: readFlag(read('primaryJob', 'flag')) === true,
    hiredAt: dates.hiredAt,
    upcoming: dates.upcoming,
    endsAt: dates.endsAt,
    attributes: knownFacts({
      workerId,
      employmentStatus,
      employeeType,
      department: known('department'),
      costCenter: known('costCenter', 'code'),
      title: known('title'),
      manager: read('managerEmail') === undefined ? known('managerId', 'code') : known('managerEmail'),
      location: known('location'),
      country: known('country'),
      hireDate: dates.hireDate,
      terminationDate: dates.terminationDate,
    }),
  };
}

/** What the first and the last day of an employment say at `now`. */
interface EmploymentDates {
  readonly hireDate?: string;
  /** Absent when a later hire has made it past. */
  readonly terminationDate?: string;
  readonly hiredAt?: number;
  readonly upcoming: boolean;
  readonly hasEnded: boolean;
  readonly endsAt?: number;
}

/** @returns undefined when a date cannot be read */
function employmentDates(hired: Cell, terminated: Cell, zone: string, now: number): EmploymentDates | undefined {
  const hireDate = readDate(hired, zone);
  const terminationDate = readDate(terminated, zone);
  if (hireDate === UNREADABLE || terminationDate === UNREADABLE) return undefined;
  const rehired = hireDate !== undefined && terminationDate !== undefined && hireDate > terminationDate;
  const lastDay = rehired ? undefined : terminationDate;
  const hiredAt = hireDate?.toMillis();
  const endOfLastDay = lastDay?.plus({ days: 1 }).startOf('day').toMillis();
  const edges = [hiredAt, endOfLastDay].filter((at) => at !== undefined && at > now) as number[];
  return {
    hireDate: hireDate?.toISODate() ?? undefined,
    terminationDate: lastDay?.toISODate() ?? undefined,
    hiredAt,
    upcoming: hiredAt !== undefined && hiredAt > now,
    hasEnded: endOfLastDay !== undefined && endOfLastDay <= now,
    endsAt: edges.length === 0 ? undefined : Math.min(...edges),
  };
}

/** The records of exactly this work e-mail: a report that ignores the prompt gives everybody's. */
export function workersOf(address: string, workers: readonly WorkerRecord[]): WorkerRecord[] {
  return workers.filter((worker) => worker.email !== undefined && sameAddress(worker.email, address));
}

/** The facts of the record that counts, or why none does. */
export type Resolved =
  | { readonly attributes: JsonObject; readonly endsAt?: number }
  | { readonly reason: 'subject_not_found' };

/**
 * The facts of a person with several records. The positions of one worker come first: of those that have not ended the
 * primary one counts. Of several workers the first of these counts: active employee, employee on leave, active
 * contingent worker, contingent worker on leave, one whose status is not told, one who left; of one rank the one with
 * the primary job, then the one who was hired last. An employment that has not begun does not count yet. Where none of this decides, the facts count on which
 * the records agree. The order of records means nothing.
 */
export function resolveWorker(records: readonly WorkerRecord[]): Resolved {
  const begun = records.filter((record) => !record.upcoming);
  if (begun.length === 0) return { reason: 'subject_not_found' };
  const workers = [...new Set(begun.map(({ workerId }) => workerId))].map((id) =>
    currentPosition(begun.filter(({ workerId }) => workerId === id)),
  );
  const first = Math.min(...workers.map(rank));
  const ofRank = workers.filter((record) => rank(record) === first);
  const primary = ofRank.filter((record) => record.primary === true);
  const { attributes } = agreed(hiredLast(primary.length > 0 ? primary : ofRank));
  const edges = records.map((record) => record.endsAt).filter((at) => at !== undefined);
  return { attributes, endsAt: edges.length === 0 ? undefined : Math.min(...edges) };
}

/** One record of the positions of a worker. */
function currentPosition(positions: readonly WorkerRecord[]): WorkerRecord {
  const present = positions.filter(({ employmentStatus }) => employmentStatus !== 'terminated');
  const counting = present.length > 0 ? present : positions;
  const primary = counting.filter((position) => position.primary === true);
  return agreed(primary.length > 0 ? primary : counting);
}

/** The records of the worker who was hired last; all when several workers were, or when it is not known. */
function hiredLast(records: readonly WorkerRecord[]): readonly WorkerRecord[] {
  if (records.some(({ hiredAt }) => hiredAt === undefined)) return records;
  const latest = Math.max(...records.map(({ hiredAt }) => hiredAt as number));
  const last = records.filter(({ hiredAt }) => hiredAt === latest);
  const workers = new Set(last.map(({ workerId }) => workerId));
  return workers.size === 1 ? records.filter(({ workerId }) => workers.has(workerId)) : records;
}

/** A record of what all say. */
function agreed(records: readonly WorkerRecord[]): WorkerRecord {
  const [first] = records;
  if (!first) throw new RangeError('no records');
  const same = <K extends keyof WorkerRecord>(key: K): WorkerRecord[K] | undefined =>
    records.every((record) => record[key] === first[key]) ? first[key] : undefined;
  return {
    ...first,
    employeeType: same('employeeType'),
    employmentStatus: same('employmentStatus'),
    hiredAt: same('hiredAt'),
    attributes: Object.fromEntries(
      Object.entries(first.attributes).filter(([name, value]) =>
        records.every(({ attributes }) => attributes[name] === value),
      ),
    ),
  };
}

function rank(record: WorkerRecord): number {
  const statuses: readonly (EmploymentStatus | undefined)[] = ['active', 'on_leave', undefined, 'terminated'];
  const status = statuses.indexOf(record.employmentStatus);
  // Below "on leave" the type no longer matters: nobody of these works.
  if (status >= 2) return 10 + status;
  return record.employeeType === 'employee' ? status : record.employeeType === 'contingent' ? 2 + status : 4 + status;
}

/** A value that is there and is not understood: not the same as none. */
export const UNREADABLE: unique symbol = Symbol('unreadable');
/** The text of a cell, undefined for an empty one. */
export type Cell = string | typeof UNREADABLE | undefined;

/** One cell of a row. */
export function readCell(row: unknown, column: string, kind: CellKind = 'text'): Cell {
  return typeof row === 'object' && row !== null && Object.hasOwn(row, column)
    ? cellText((row as Record<string, unknown>)[column], kind)
    : undefined;
}

/** What a cell may be beside text: ids and codes are numbers too, and flags are numbers or booleans. */
type CellKind = 'text' | 'code' | 'flag';

/** Reports give numbers and booleans as text or not, and a reference as a list of one. */
function cellText(value: unknown, kind: CellKind): Cell {
  if (value === null || value === undefined) return undefined;
  if (typeof value === 'string') return value.trim() || undefined;
  if (typeof value === 'number') return kind === 'text' ? UNREADABLE : String(value);
  if (typeof value === 'boolean') return kind === 'flag' ? String(value) : UNREADABLE;
  if (!Array.isArray(value)) return UNREADABLE;
  if (value.length === 0) return undefined;
  const [only] = value;
  const values: unknown[] = typeof only === 'object' && only !== null ? Object.values(only) : [only];
  const isOne = value.length === 1 && values.length === 1 && typeof values[0] === 'string';
  return isOne ? (values[0] as string).trim() || undefined : UNREADABLE;
}

/** `YYYY-MM-DD`, which a report may follow by an offset, as the begin of that day. */
function readDate(text: Cell, zone: string): DateTime | undefined | typeof UNREADABLE {
  if (text === undefined || text === UNREADABLE) return text;
  const date = /^(\d{4}-\d{2}-\d{2})(?:Z|[+-]\d{2}:\d{2}|T.*)?$/.exec(text)?.[1];
  const day = date === undefined ? undefined : DateTime.fromISO(date, { zone }).startOf('day');
  return day?.isValid ? day : UNREADABLE;
}

type Flag = boolean | undefined | typeof UNREADABLE;

/**
 * On leave is not terminated: Workday keeps a worker on leave active, so the flag `active` alone shows that somebody
 * works only beside one that shows that they are not on leave. A cell that is not understood may say that they are.
 */
function readStatus(status: Cell, active: Flag, onLeave: Flag): EmploymentStatus | undefined {
  const word = status === UNREADABLE ? UNREADABLE : status?.toLowerCase().replace(/[\s_-]+/g, ' ');
  if (word === 'terminated' || active === false) return 'terminated';
  if ([word, active, onLeave].includes(UNREADABLE)) return undefined;
  if (word === 'on leave' || onLeave === true) return 'on_leave';
  if (word === 'active' || (word === undefined && active === true && onLeave === false)) return 'active';
  return undefined;
}

function readFlag(cell: Cell): Flag {
  if (cell === UNREADABLE || cell === undefined) return cell;
  switch (cell.toLowerCase()) {
    case '1':
    case 'true':
    case 'yes':
      return true;
    case '0':
    case 'false':
    case 'no':
      return false;
    default:
      return UNREADABLE;
  }
}

function readEmployeeType(text: string | undefined): EmployeeType | undefined {
  const word = text?.toLowerCase();
  if (word === 'employee') return 'employee';
  if (word === 'contingent worker' || word === 'contingent') return 'contingent';
  return undefined;
}

const text = z.string().trim().min(1).optional().catch(undefined);
const described = z.object({ descriptor: text }).optional().catch(undefined);
const restWorkerSchema = z.object({
  id: z.string().min(1),
  /** Keys without a value are left out. Another type than text may be anybody's address. */
  primaryWorkEmail: z.string().trim().nullish(),
  businessTitle: text,
  primarySupervisoryOrganization: described,
  location: described,
});

/** A worker of the REST API. */
export type RestWorker = z.infer<typeof restWorkerSchema> & {
  readonly hireDate: Cell;
  readonly terminationDate: Cell;
};

/** A worker as the REST API gives it, or undefined when the answer is none. */
export function readRestWorker(payload: unknown): RestWorker | undefined {
  const parsed = restWorkerSchema.safeParse(payload);
  if (!parsed.success) return undefined;
  return {
    ...parsed.data,
    hireDate: readCell(payload, 'hireDate'),
    terminationDate: readCell(payload, 'terminationDate'),
  };
}

/**
 * A record of a worker of the REST API, or undefined when a date cannot be read. The API lists present workers and does
 * not tell who is on leave.
 *
 * @param listed what a listed worker whose employment has not ended is
 */
export function restWorkerRecord(
  worker: RestWorker,
  listed: 'active' | undefined,
  zone: string,
  now: number,
): WorkerRecord | undefined {
  const dates = employmentDates(worker.hireDate, worker.terminationDate, zone, now);
  if (dates === undefined) return undefined;
  const employmentStatus = dates.hasEnded ? 'terminated' : listed;
  return {
    workerId: worker.id,
    employmentStatus,
    hiredAt: dates.hiredAt,
    upcoming: dates.upcoming,
    endsAt: dates.endsAt,
    attributes: knownFacts({
      workerId: worker.id,
      employmentStatus,
      title: worker.businessTitle,
      department: worker.primarySupervisoryOrganization?.descriptor,
      location: worker.location?.descriptor,
      hireDate: dates.hireDate,
      terminationDate: dates.terminationDate,
    }),
  };
}
