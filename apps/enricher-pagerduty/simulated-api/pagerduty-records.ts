import {
  type Company,
  type EscalationPolicy,
  type PagedIncident,
  type PagedService,
  type PagerDutyAccount,
  type Person,
  pagerDutyId,
  type Schedule,
  SERVICES,
  type Shift,
} from '@iris/simulation';

export type PagedPerson = Person & { readonly pagerDuty: PagerDutyAccount };

type JsonRecord = Record<string, unknown>;

/** The account's time zone has no summer time: every time carries this offset unless another zone is asked for. */
const ACCOUNT_OFFSET_MS = -5 * 60 * 60 * 1000;

/** RFC 3339 in the account's time zone, or in UTC. */
export function timestamp(timeMs: number | null, utc = false): string | null {
  if (timeMs === null) return null;
  const seconds = Math.floor(timeMs / 1000) * 1000;
  if (utc) return `${new Date(seconds).toISOString().slice(0, 19)}Z`;
  return `${new Date(seconds + ACCOUNT_OFFSET_MS).toISOString().slice(0, 19)}-05:00`;
}

/** What PagerDuty finds people by. */
export function pagedPeople(company: Company): {
  list: readonly PagedPerson[];
  byId: ReadonlyMap<string, PagedPerson>;
} {
  return company.derived('pagerduty', () => {
    const list = company.people.filter((person): person is PagedPerson => person.pagerDuty !== undefined);
    return { list, byId: new Map(list.map((person) => [personId(person.login), person])) };
  });
}

/** How many people a team has at most. */
const TEAM_SIZE = 200;

/** Teams by id: everybody with an account is in one. */
export function teams(company: Company): ReadonlyMap<string, ReadonlySet<string>> {
  return company.derived('pagerduty:teams', () => {
    const members = new Map<string, Set<string>>();
    for (const [index, person] of pagedPeople(company).list.entries()) {
      const id = pagerDutyId('team', String(Math.floor(index / TEAM_SIZE)));
      members.set(id, (members.get(id) ?? new Set()).add(person.login));
    }
    return members;
  });
}

export function teamRecord(id: string): JsonRecord {
  return { ...reference('team', 'teams', id, `Team ${id}`), name: `Team ${id}`, description: null, parent: null };
}

export function personId(login: string): string {
  return pagerDutyId('user', login);
}

function reference(type: string, path: string, id: string, summary: string): JsonRecord {
  return {
    id,
    type,
    summary,
    self: `https://api.pagerduty.com/${path}/${id}`,
    html_url: `https://lumen.pagerduty.com/${path}/${id}`,
  };
}

function userReference(person: Person): JsonRecord {
  const name = `${person.firstName} ${person.lastName}`;
  return reference('user_reference', 'users', personId(person.login), name);
}

export function userRecord(person: PagedPerson): JsonRecord {
  return {
    ...userReference(person),
    type: 'user',
    name: `${person.firstName} ${person.lastName}`,
    email: person.pagerDuty.email,
    time_zone: 'America/Lima',
    color: 'purple',
    role: person.pagerDuty.role,
    job_title: person.hr?.title ?? null,
    description: null,
    invitation_sent: false,
    created_via_sso: true,
    teams: [],
    contact_methods: [],
    notification_rules: [],
  };
}

export function scheduleId(key: string): string {
  return pagerDutyId('schedule', key);
}

function scheduleReference(schedule: Schedule): JsonRecord {
  return reference('schedule_reference', 'schedules', scheduleId(schedule.key), schedule.name);
}

export function scheduleRecord(company: Company, schedule: Schedule): JsonRecord {
  const users = schedule.members.map((login) => company.find(login)).filter((person) => person !== undefined);
  return {
    ...scheduleReference(schedule),
    type: 'schedule',
    name: schedule.name,
    time_zone: 'America/Lima',
    description: null,
    users: users.map(userReference),
    escalation_policies: company.rota.policies
      .filter((policy) =>
        policy.levels.flat().some((target) => 'schedule' in target && target.schedule === schedule.key),
      )
      .map(policyReference),
    teams: [],
  };
}

export function policyId(key: string): string {
  return pagerDutyId('escalation_policy', key);
}

function policyReference(policy: EscalationPolicy): JsonRecord {
  return reference('escalation_policy_reference', 'escalation_policies', policyId(policy.key), policy.name);
}

export function policyRecord(company: Company, policy: EscalationPolicy): JsonRecord {
  return {
    ...policyReference(policy),
    type: 'escalation_policy',
    name: policy.name,
    description: null,
    num_loops: 2,
    on_call_handoff_notifications: 'if_has_services',
    escalation_rules: policy.levels.map((targets, index) => ({
      id: pagerDutyId('escalation_rule', `${policy.key}:${index}`),
      escalation_delay_in_minutes: 30,
      targets: targets.map((target) => {
        if ('login' in target) return userReference(company.person(target.login));
        const schedule = company.rota.schedules.find((candidate) => candidate.key === target.schedule);
        return schedule ? scheduleReference(schedule) : null;
      }),
    })),
    services: SERVICES.filter((service) => service.policy === policy.key).map(serviceReference),
    teams: [],
  };
}

export function serviceId(key: string): string {
  return pagerDutyId('service', key);
}

function serviceReference(service: PagedService): JsonRecord {
  return reference('service_reference', 'services', serviceId(service.key), service.name);
}

export function serviceRecord(company: Company, service: PagedService, include: ReadonlySet<string>): JsonRecord {
  const policy = company.rota.policies.find((candidate) => candidate.key === service.policy);
  return {
    ...serviceReference(service),
    type: 'service',
    name: service.name,
    description: service.description,
    status: 'active',
    created_at: '2021-01-01T03:00:00-05:00',
    escalation_policy:
      policy && (include.has('escalation_policies') ? policyRecord(company, policy) : policyReference(policy)),
    teams: [],
  };
}

/** One entry of `GET /oncalls`; undefined for a person whom PagerDuty does not know. */
export function oncallRecord(
  company: Company,
  shift: Shift,
  include: ReadonlySet<string>,
  utc: boolean,
): JsonRecord | undefined {
  const person = pagedPeople(company).byId.get(personId(shift.login));
  const policy = company.rota.policies.find((candidate) => candidate.key === shift.policy);
  const schedule = company.rota.schedules.find((candidate) => candidate.key === shift.schedule);
  if (person === undefined || policy === undefined) return undefined;
  return {
    escalation_policy: include.has('escalation_policies') ? policyRecord(company, policy) : policyReference(policy),
    escalation_level: shift.level,
    schedule:
      schedule === undefined
        ? null
        : include.has('schedules')
          ? scheduleRecord(company, schedule)
          : scheduleReference(schedule),
    user: include.has('users') ? userRecord(person) : userReference(person),
    start: timestamp(shift.start, utc),
    end: timestamp(shift.end, utc),
  };
}

export function incidentRecord(company: Company, incident: PagedIncident, include: ReadonlySet<string>): JsonRecord {
  const id = pagerDutyId('incident', String(incident.number));
  const service = SERVICES.find((candidate) => candidate.key === incident.service);
  const policy = company.rota.policies.find((candidate) => candidate.key === service?.policy);
  const assignee = userReference(company.person(incident.assignedTo));
  const at = timestamp(incident.createdAt);
  return {
    ...reference('incident', 'incidents', id, `[#${incident.number}] ${incident.title}`),
    incident_number: incident.number,
    title: incident.title,
    status: incident.status,
    urgency: incident.urgency,
    created_at: at,
    updated_at: at,
    service:
      service && (include.has('services') ? serviceRecord(company, service, new Set()) : serviceReference(service)),
    assignments: incident.status === 'resolved' ? [] : [{ at, assignee }],
    acknowledgements: incident.status === 'acknowledged' ? [{ at, acknowledger: assignee }] : [],
    escalation_policy: policy && policyReference(policy),
    teams: [],
    priority: null,
  };
}
