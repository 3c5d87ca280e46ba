import { type Json, type JsonObject, knownFacts } from '@iris/contracts';
import { sameAddress } from '@iris/enricher-kit';
import { z } from 'zod';

const required = z.string().min(1);
/** A field that may be missing, null, empty or of another type: then it is not known. */
const text = z.string().trim().min(1).optional().catch(undefined);

const userSchema = z.object({ id: required, email: required });

/** A PagerDuty user. */
export type PagerDutyUser = z.infer<typeof userSchema>;

/** null means: no such limit. A missing or unreadable time is not null, and makes the entry unreadable. */
const instant = z.iso
  .datetime({ offset: true })
  .transform((value) => Date.parse(value))
  .nullable();

const oncallSchema = z.object({
  user: z.object({ id: required, email: text }),
  escalation_policy: z.object({ id: required, summary: text }),
  escalation_level: z.int().min(1),
  schedule: z.object({ id: required, summary: text }).nullable(),
  start: instant,
  end: instant,
});

/** One entry of `/oncalls`; start and end are epoch ms, null without a limit. */
export type Oncall = z.infer<typeof oncallSchema>;

const incidentSchema = z.object({
  incident_number: z.int(),
  status: z.enum(['triggered', 'acknowledged', 'resolved']),
  urgency: text,
  service: z.object({ summary: text }).optional().catch(undefined),
  // Nobody has an assignment whose assignee is null.
  assignments: z
    .array(z.object({ assignee: z.object({ id: required }).nullable() }))
    .transform((all) => all.flatMap(({ assignee }) => (assignee === null ? [] : [{ assignee }]))),
});

/** An incident. */
export type Incident = z.infer<typeof incidentSchema>;

const servicesSchema = z.array(z.object({ summary: required }));

/** What a lookup gathered of one person. */
export interface OncallFacts {
  readonly userId: string;
  /** Entries of this person that are current or begin later. */
  readonly oncalls: readonly Oncall[];
  /** Whether the person may have more entries, which are not understood: then nobody is known to be off call. */
  readonly oncallsPartial?: boolean;
  /** Names of the services of each escalation policy, by policy id; a policy that is missing is not known. */
  readonly services: ReadonlyMap<string, readonly string[]>;
  /** Undefined when incidents were not asked for, or are not known. */
  readonly incidents?: readonly Incident[];
}

/** A user as the API gives it, or undefined when the answer is no user. */
export function readUser(payload: unknown): PagerDutyUser | undefined {
  const parsed = userSchema.safeParse(payload);
  return parsed.success ? parsed.data : undefined;
}

/** The users of exactly this address: the API's own search also finds longer addresses and names. */
export function usersOf(address: string, users: readonly PagerDutyUser[]): PagerDutyUser[] {
  return users.filter((user) => sameAddress(user.email, address));
}

/** An on-call entry as the API gives it, or undefined when it cannot be read. */
export function readOncall(payload: unknown): Oncall | undefined {
  const parsed = oncallSchema.safeParse(payload);
  return parsed.success ? parsed.data : undefined;
}

/** An incident as the API gives it, or undefined when it cannot be read. */
export function readIncident(payload: unknown): Incident | undefined {
  const parsed = incidentSchema.safeParse(payload);
  return parsed.success ? parsed.data : undefined;
}

/** The user of an entry that cannot be read; null when PagerDuty names nobody, undefined when it may be anybody. */
export function userOf(payload: unknown): string | null | undefined {
  return z.object({ user: z.object({ id: required }).nullable() }).safeParse(payload).data?.user === null
    ? null
    : z.object({ user: z.object({ id: required }) }).safeParse(payload).data?.user.id;
}

/** The assignees of an incident that cannot be read, or undefined when they may be anybody. */
export function assigneesOf(payload: unknown): string[] | undefined {
  const { data } = z.object({ assignments: incidentSchema.shape.assignments }).safeParse(payload);
  return data?.assignments.map(({ assignee }) => assignee.id);
}

/** The names of the services in an escalation policy, or undefined when the answer does not tell. */
export function readServiceNames(policy: unknown): string[] | undefined {
  const parsed = z.object({ services: servicesSchema }).safeParse(policy);
  return parsed.success ? [...new Set(parsed.data.services.map(({ summary }) => summary))] : undefined;
}

/** Whether the entry holds at `now`: start <= now < end. */
export function isCurrent(oncall: Oncall, now: number): boolean {
  return (oncall.start === null || oncall.start <= now) && (oncall.end === null || now < oncall.end);
}

/** The attributes of a person at `now` (epoch ms), and when the first of them changes by itself. */
export function oncallFinding(facts: OncallFacts, now: number): { attributes: JsonObject; endsAt?: number } {
  const current = facts.oncalls.filter((oncall) => isCurrent(oncall, now)).sort(byLevel);
  const later = facts.oncalls.filter((oncall) => oncall.start !== null && oncall.start > now);
  const changes = [...current.map(({ end }) => end), ...later.map(({ start }) => start)].filter((at) => at !== null);
  const until = current.length === 0 ? undefined : oncallUntil(current, later, now);
  const isKnown = current.length > 0 || facts.oncallsPartial !== true;
  const primary = current.some((oncall) => oncall.escalation_level === 1);
  const entries = current.map((oncall) => toEntry(oncall, facts.services.get(oncall.escalation_policy.id)));
  return {
    attributes: knownFacts({
      userId: facts.userId,
      onCall: isKnown ? current.length > 0 : undefined,
      primary: isKnown && (primary || facts.oncallsPartial !== true) ? primary : undefined,
      onCallUntil: until === undefined ? undefined : toTimestamp(until),
      oncalls: isKnown ? entries : undefined,
      services: isKnown ? serviceNames(current, facts.services) : undefined,
      incidents: facts.incidents?.filter(isOpen).map(toIncident),
    }),
    endsAt: changes.length === 0 ? undefined : Math.min(...changes),
  };
}

/** The end of the present on-call time, followed over shifts that begin before it ends; undefined without an end. */
function oncallUntil(current: readonly Oncall[], later: readonly Oncall[], now: number): number | undefined {
  let until = now;
  for (const { start, end } of [...current, ...later].sort((one, other) => startOf(one) - startOf(other))) {
    if (start !== null && start > until) break;
    if (end === null) return undefined;
    until = Math.max(until, end);
  }
  return until;
}

function startOf(oncall: Oncall): number {
  return oncall.start ?? Number.MIN_SAFE_INTEGER;
}

function byLevel(one: Oncall, other: Oncall): number {
  return one.escalation_level - other.escalation_level || startOf(one) - startOf(other);
}

function toEntry(oncall: Oncall, services: readonly string[] | undefined): JsonObject {
  return knownFacts({
    policy: oncall.escalation_policy.summary,
    policyId: oncall.escalation_policy.id,
    schedule: oncall.schedule?.summary,
    scheduleId: oncall.schedule?.id,
    level: oncall.escalation_level,
    start: oncall.start === null ? undefined : toTimestamp(oncall.start),
    end: oncall.end === null ? undefined : toTimestamp(oncall.end),
    services: services === undefined ? undefined : [...services],
  });
}

/** Undefined when the services of one policy are not known: a shorter list would deny by accident. */
function serviceNames(current: readonly Oncall[], services: ReadonlyMap<string, readonly string[]>): Json | undefined {
  const names = new Set<string>();
  for (const { escalation_policy } of current) {
    const known = services.get(escalation_policy.id);
    if (known === undefined) return undefined;
    for (const name of known) names.add(name);
  }
  return [...names].sort();
}

function isOpen(incident: Incident): boolean {
  return incident.status !== 'resolved';
}

function toIncident(incident: Incident): JsonObject {
  return knownFacts({
    number: incident.incident_number,
    service: incident.service?.summary,
    urgency: incident.urgency,
    status: incident.status,
  });
}

function toTimestamp(at: number): string {
  return new Date(at).toISOString();
}
