import { type JsonObject, knownFacts } from '@iris/contracts';
import { sameAddress } from '@iris/enricher-kit';
import { z } from 'zod';

/** The Table API gives every value as text, and an empty one as "". */
const required = z.string().trim().min(1);
const text = z.string().trim().min(1).optional().catch(undefined);

const userSchema = z.object({
  sys_id: required,
  email: required,
  active: z.enum(['true', 'false']),
  user_name: text,
  title: text,
  'department.name': text,
});

/** A row of `sys_user`. */
export type ServiceNowUser = z.infer<typeof userSchema>;

/** `YYYY-MM-DD HH:MM:SS` in UTC, without a mark of the zone; "" when there is none. */
const instant = z
  .string()
  .regex(/^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}$/)
  .transform((value) => Date.parse(`${value.replace(' ', 'T')}Z`))
  .pipe(z.number())
  .optional()
  .catch(undefined);

const changeSchema = z.object({
  number: required,
  state: required,
  approval: text,
  on_hold: z.enum(['true', 'false']).optional().catch(undefined),
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
  names: z.array(text).transform((names) => names.filter((name) => name !== undefined)),
  sys_class_name: required,
  operational_status: text,
  install_status: text,
  environment: text,
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
  /** Values of `state` that mean: under way. */
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

/** The names in the rows of `sys_user_grmember` whose group is active, sorted. */
export function groupNames(rows: readonly unknown[]): string[] {
  const schema = z.object({ 'group.name': required, 'group.active': z.literal('true') });
  return distinct(rows.map((row) => schema.safeParse(row).data?.['group.name']));
}

/** The values of one column of some rows, sorted and each once; "" counts as none. */
export function columnValues(rows: readonly unknown[], column: string): string[] {
  const schema = z.object({ [column]: required });
  return distinct(rows.map((row) => schema.safeParse(row).data?.[column]));
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
 * The changes in their planned window at `now` (epoch ms): state under way, approved, not on hold, and
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
  return { active, endsAt: edges.length === 0 ? undefined : Math.min(...edges) };
}

function isUnderWay(change: Change, rule: ChangeRule): boolean {
  return rule.states.includes(change.state) && change.approval === 'approved' && change.on_hold === 'false';
}

/** What a lookup gathered of one person. */
export interface PersonFacts {
  readonly user: ServiceNowUser;
  readonly groups: readonly string[];
  /** Undefined when the instance has no project tables. */
  readonly projects?: readonly string[];
  readonly changes: readonly Change[];
}

/** The attributes of a person. `changes` are those in their window. */
export function userAttributes(facts: PersonFacts): JsonObject {
  const { user } = facts;
  return knownFacts({
    sysId: user.sys_id,
    userName: user.user_name,
    department: user['department.name'],
    title: user.title,
    groups: [...facts.groups],
    projects: facts.projects === undefined ? undefined : [...facts.projects],
    activeChanges: facts.changes.map(changeEntry),
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

/** The attributes of a configuration item, with the first of its changes in their window. */
export function configurationItemAttributes(item: ConfigurationItem, changes: readonly Change[]): JsonObject {
  return knownFacts({
    environment: item.environment,
    owner: item.owner,
    criticality: item.criticality,
    openChange: changes[0]?.number,
  });
}
