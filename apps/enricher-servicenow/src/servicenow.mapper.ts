import { type JsonObject, knownFacts } from '@iris/contracts';
import { sameAddress } from '@iris/enricher-kit';
import { z } from 'zod';

/** The Table API gives every value as text, and an empty one as "". A column that is not text is hidden or unknown. */
const required = z.string().trim().min(1);
const cell = z.string().transform((value) => value.trim() || undefined);
/** A fact of its own: a hidden column leaves it out. */
const text = z.string().trim().min(1).optional().catch(undefined);
const flag = z.enum(['true', 'false']);

const userSchema = z.object({
  sys_id: required,
  email: required,
  active: flag,
  user_name: text,
  title: text,
  'department.name': text,
});

/** A row of `sys_user`. */
export type ServiceNowUser = z.infer<typeof userSchema>;

/** `YYYY-MM-DD HH:MM:SS` in UTC, without a mark of the zone; "" when there is none. */
const instant = z.union([
  z.literal('').transform(() => undefined),
  z
    .string()
    .regex(/^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}$/)
    .transform((value) => Date.parse(`${value.replace(' ', 'T')}Z`))
    .pipe(z.number()),
]);

/** What decides whether a change is in force must be readable; "" is no value of `state`, `approval` and `on_hold`. */
const changeSchema = z.object({
  number: required,
  state: required,
  approval: required,
  on_hold: flag,
  type: text,
  'cmdb_ci.name': text,
  start_date: instant,
  end_date: instant,
});

/** A row of `change_request`; the planned window is in epoch ms. */
export type Change = z.infer<typeof changeSchema>;

/** Values of `operational_status` and `install_status` in the base system. */
const RETIRED = { operational: '6', installed: '7' };

const ciSchema = z.object({
  sys_id: required,
  // An item that shows none of its names may be the one that was asked for.
  names: z
    .array(text)
    .transform((names) => names.filter((name) => name !== undefined))
    .refine((names) => names.length > 0),
  sys_class_name: required,
  operational_status: cell,
  install_status: cell,
  // Hidden is not the same as empty: policies may read an item without an environment as one that is not production.
  environment: cell,
  owner: text,
  criticality: text,
});

/** A row of a CMDB table. */
export type ConfigurationItem = z.infer<typeof ciSchema>;

/** Columns of the CMDB that hold what Iris asks for; instances differ. */
export interface CiColumns {
  readonly environment: string;
  readonly owner: string;
  readonly criticality: string;
}

/** Which changes may be worked on in their window. */
export interface ChangeRule {
  /** Values of `state` that mean: in progress. */
  readonly states: readonly string[];
}

/** A user, or undefined when the row is none. */
export function readUser(row: unknown): ServiceNowUser | undefined {
  const parsed = userSchema.safeParse(row);
  return parsed.success ? parsed.data : undefined;
}

/** The active users of exactly this address: a query that the instance does not understand gives any rows. */
export function activeUsersOf(address: string, users: readonly ServiceNowUser[]): ServiceNowUser[] {
  return users.filter((user) => user.active === 'true' && sameAddress(user.email, address));
}

/** A change, or undefined when the row is none. */
export function readChange(row: unknown): Change | undefined {
  const parsed = changeSchema.safeParse(row);
  return parsed.success ? parsed.data : undefined;
}

/** A configuration item, or undefined when the row is none. */
export function readConfigurationItem(
  row: unknown,
  columns: CiColumns,
  nameColumns: readonly string[],
): ConfigurationItem | undefined {
  const cells = z.record(z.string(), z.unknown()).safeParse(row);
  if (!cells.success) return undefined;
  const cell = (column: string) => (Object.hasOwn(cells.data, column) ? cells.data[column] : undefined);
  const parsed = ciSchema.safeParse({
    sys_id: cell('sys_id'),
    names: nameColumns.map(cell),
    sys_class_name: cell('sys_class_name'),
    operational_status: cell('operational_status'),
    install_status: cell('install_status'),
    environment: cell(columns.environment),
    owner: cell(columns.owner),
    criticality: cell(columns.criticality),
  });
  return parsed.success ? parsed.data : undefined;
}

/**
 * The items in use of which exactly this is a name, each once, and of one of the classes. A class is given by the begin of its name, so that
 * `cmdb_ci_db_` also means the instances of each product.
 */
export function itemsOf(
  name: string,
  classes: readonly string[],
  items: readonly ConfigurationItem[],
): ConfigurationItem[] {
  const found = items.filter(
    (item) =>
      item.names.some((own) => sameAddress(own, name)) &&
      classes.some((prefix) => item.sys_class_name.startsWith(prefix)) &&
      item.operational_status !== RETIRED.operational &&
      item.install_status !== RETIRED.installed,
  );
  return [...new Map(found.map((item) => [item.sys_id, item])).values()];
}

const membershipSchema = z.object({ 'group.name': required, 'group.active': flag });

/** The names of active groups in rows of `sys_user_grmember`, sorted; undefined when a row is not understood. */
export function groupNames(rows: readonly unknown[]): string[] | undefined {
  const memberships = allRead(rows, (row) => membershipSchema.safeParse(row).data);
  return (
    memberships && distinct(memberships.filter((one) => one['group.active'] === 'true').map((one) => one['group.name']))
  );
}

/** The values of one column of some rows, sorted and each once; undefined when a row is not understood. "" is none. */
export function columnValues(rows: readonly unknown[], column: string): string[] | undefined {
  const schema = z.object({ [column]: cell });
  const values = allRead(rows, (row) => schema.safeParse(row).data);
  return values && distinct(values.map((one) => one[column]));
}

/** The changes in rows of `change_request`; undefined when a row is not understood. */
export function readChanges(rows: readonly unknown[]): Change[] | undefined {
  return allRead(rows, readChange);
}

/** A list is told whole or not at all: a shorter one would be another fact. */
function allRead<T>(rows: readonly unknown[], read: (row: unknown) => T | undefined): T[] | undefined {
  const values = rows.map(read).filter((value) => value !== undefined);
  return values.length === rows.length ? values : undefined;
}

function distinct(values: readonly (string | undefined)[]): string[] {
  return [...new Set(values.filter((value) => value !== undefined))].sort();
}

/** What a person may do under a change now, and when that changes by itself. */
export interface ChangeWindows {
  readonly active: readonly Change[];
  /** Epoch ms of the next edge of a window. */
  readonly endsAt?: number;
}

/**
 * The changes in their planned window at `now` (epoch ms): state in progress, approved, not on hold, and
 * start <= now < end. A window without both edges is none.
 */
export function changeWindows(changes: readonly Change[], rule: ChangeRule, now: number): ChangeWindows {
  const active: Change[] = [];
  const edges: number[] = [];
  for (const change of changes) {
    const { start_date: start, end_date: end } = change;
    if (start === undefined || end === undefined || !isUnderWay(change, rule)) continue;
    if (start > now) edges.push(start);
    else if (now < end) {
      active.push(change);
      edges.push(end);
    }
  }
  // The order of rows means nothing.
  active.sort((one, other) => (one.number < other.number ? -1 : 1));
  return { active, endsAt: edges.length === 0 ? undefined : Math.min(...edges) };
}

function isUnderWay(change: Change, rule: ChangeRule): boolean {
  return rule.states.includes(change.state) && change.approval === 'approved' && change.on_hold === 'false';
}

/** What a lookup gathered of one person. */
export interface PersonFacts {
  readonly user: ServiceNowUser;
  /** Undefined when they are not known: rows are hidden or not understood. */
  readonly groups?: readonly string[];
  /** Undefined also when the instance has no project tables. */
  readonly projects?: readonly string[];
  readonly changes?: readonly Change[];
}

/** The attributes of a person. `changes` are those in their window. */
export function userAttributes(facts: PersonFacts): JsonObject {
  const { user } = facts;
  return knownFacts({
    sysId: user.sys_id,
    userName: user.user_name,
    department: user['department.name'],
    title: user.title,
    groups: facts.groups && [...facts.groups],
    projects: facts.projects && [...facts.projects],
    activeChanges: facts.changes?.map(changeEntry),
  });
}

function changeEntry(change: Change): JsonObject {
  const timestamp = (at: number | undefined) => (at === undefined ? undefined : new Date(at).toISOString());
  return knownFacts({
    number: change.number,
    type: change.type,
    ci: change['cmdb_ci.name'],
    start: timestamp(change.start_date),
    end: timestamp(change.end_date),
  });
}

/** The attributes of a configuration item, with the first of its changes in their window, where they are known. */
export function configurationItemAttributes(item: ConfigurationItem, changes: readonly Change[] = []): JsonObject {
  return knownFacts({
    environment: item.environment,
    owner: item.owner,
    criticality: item.criticality,
    openChange: changes[0]?.number,
  });
}
