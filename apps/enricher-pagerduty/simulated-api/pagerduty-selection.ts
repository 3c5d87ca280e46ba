import { type Company, DAY_MS, type PagedIncident, SERVICES, type Shift } from '@iris/simulation';
import { pagedPeople, personId, policyId, scheduleId, serviceId } from './pagerduty-records.js';

/** A parameter that PagerDuty refuses. */
export class InvalidInputError extends Error {
  override readonly name = 'InvalidInputError';
}

const FURTHEST_AHEAD_MS = 90 * DAY_MS;
const INCIDENT_WINDOW_MS = 30 * DAY_MS;
const WIDEST_INCIDENT_WINDOW_MS = 184 * DAY_MS;

/** An instant of the query, in ms. A time without an offset is in the account's zone, as the vendor reads it. */
function instant(query: URLSearchParams, key: string): number | undefined {
  const text = query.get(key);
  if (text === null || text === '') return undefined;
  const hasOffset = /(?:Z|[+-]\d{2}:?\d{2})$/i.test(text);
  const hasTime = /T/i.test(text);
  const time = Date.parse(hasOffset ? text : hasTime ? `${text}-05:00` : `${text}T00:00:00-05:00`);
  if (Number.isNaN(time)) throw new InvalidInputError(`${key} is not a valid date`);
  return time;
}

/** The shifts that `GET /oncalls` asks for, by policy, level and start. */
export function selectShifts(company: Company, query: URLSearchParams, now: number): Shift[] {
  const since = instant(query, 'since') ?? now;
  const until = instant(query, 'until') ?? Math.max(now, since);
  if (until < since) throw new InvalidInputError('Until must not be before since');
  if (until > now + FURTHEST_AHEAD_MS) throw new InvalidInputError('Until must not be more than 90 days ahead');

  const users = query.getAll('user_ids[]');
  const policies = query.getAll('escalation_policy_ids[]');
  const schedules = query.getAll('schedule_ids[]');
  const known = pagedPeople(company).byId;
  const shifts = company.rota
    .shifts(since, until)
    .filter((shift) => known.has(personId(shift.login)))
    .filter((shift) => users.length === 0 || users.includes(personId(shift.login)))
    .filter((shift) => policies.length === 0 || policies.includes(policyId(shift.policy)))
    .filter((shift) => {
      if (schedules.length === 0) return true;
      return schedules.includes(shift.schedule === null ? 'null' : scheduleId(shift.schedule));
    });
  return query.get('earliest') === 'true' ? earliest(shifts) : shifts;
}

/** The first shift of each policy, level and person. */
function earliest(shifts: readonly Shift[]): Shift[] {
  const first = new Map<string, Shift>();
  for (const shift of shifts) {
    const key = `${shift.policy} ${shift.level} ${shift.login}`;
    const found = first.get(key);
    if (found === undefined || (shift.start ?? Number.NEGATIVE_INFINITY) < (found.start ?? Number.NEGATIVE_INFINITY)) {
      first.set(key, shift);
    }
  }
  return [...first.values()];
}

/**
 * The incidents that `GET /incidents` asks for, oldest first. Without `date_range=all` only those of a window of time
 * are told: of the last month, or of the month after `since`. `user_ids[]` leaves only open ones.
 */
export function selectIncidents(company: Company, query: URLSearchParams, now: number): PagedIncident[] {
  const all = query.get('date_range') === 'all';
  const since = instant(query, 'since') ?? now - INCIDENT_WINDOW_MS;
  const until = instant(query, 'until') ?? since + INCIDENT_WINDOW_MS;
  if (!all && until - since > WIDEST_INCIDENT_WINDOW_MS) {
    throw new InvalidInputError('The date range must not be above 6 months');
  }
  const users = query.getAll('user_ids[]');
  const statuses = query.getAll('statuses[]');
  const urgencies = query.getAll('urgencies[]');
  const services = query.getAll('service_ids[]');
  const serviceOf = new Map(SERVICES.map((service) => [service.key, serviceId(service.key)]));
  return company.incidents
    .filter((incident) => all || (incident.createdAt >= since && incident.createdAt <= until))
    .filter((incident) => users.length === 0 || users.includes(personId(incident.assignedTo)))
    .filter((incident) => users.length === 0 || incident.status !== 'resolved')
    .filter((incident) => statuses.length === 0 || statuses.includes(incident.status))
    .filter((incident) => urgencies.length === 0 || urgencies.includes(incident.urgency))
    .filter((incident) => services.length === 0 || services.includes(serviceOf.get(incident.service) ?? ''))
    .toSorted((left, right) => left.createdAt - right.createdAt);
}
