import { HOUR_MS } from './dates.js';
import { loginOf } from './new-person.js';

/** An escalation policy, by levels; a level has schedules and people named directly. */
export interface EscalationPolicy {
  readonly key: string;
  readonly name: string;
  readonly levels: readonly (readonly EscalationTarget[])[];
}

export type EscalationTarget = { readonly schedule: string } | { readonly login: string };

/** A schedule hands over every `turnMs`; without it its one member never goes off call. */
export interface Schedule {
  readonly key: string;
  readonly name: string;
  readonly members: readonly string[];
  readonly turnMs?: number;
}

/** A service and the escalation policy that its incidents follow. */
export interface PagedService {
  readonly key: string;
  readonly name: string;
  readonly description: string;
  readonly policy: string;
}

/** A time on call. Times are ms; a null start is permanent, a null end never ends. */
export interface Shift {
  readonly login: string;
  readonly policy: string;
  readonly level: number;
  readonly schedule: string | null;
  readonly start: number | null;
  readonly end: number | null;
}

export const SERVICES: readonly PagedService[] = [
  { key: 'orders-api', name: 'orders-api', description: 'Takes orders', policy: 'orders' },
  { key: 'orders-db', name: 'orders-db', description: 'Databases of orders', policy: 'orders' },
  { key: 'billing-api', name: 'billing-api', description: 'Invoices and payments', policy: 'payments' },
  { key: 'billing-db', name: 'billing-db', description: 'Databases of billing', policy: 'payments' },
  { key: 'platform-k8s', name: 'platform-k8s', description: 'Clusters', policy: 'platform' },
  { key: 'siem', name: 'siem', description: 'Security alerts', policy: 'security' },
];

const TURN_MS = 12 * HOUR_MS;

/** The shift that runs when the company is made began this long before. */
const TURN_BEGAN_BEFORE_MS = 4 * HOUR_MS;

/** Who is on call, when, and for what. */
export class Rota {
  readonly schedules: readonly Schedule[];
  readonly policies: readonly EscalationPolicy[];
  readonly #anchorMs: number;
  readonly #endedAt = new Map<string, number>();
  #added: Shift[] = [];

  /** @param rotating logins of those who take turns for payments */
  constructor(nowMs: number, rotating: readonly string[]) {
    this.#anchorMs = nowMs - TURN_BEGAN_BEFORE_MS;
    const half = Math.ceil(rotating.length / 2);
    this.schedules = [
      { key: 'orders-primary', name: 'Orders Primary', members: [loginOf('ana')], turnMs: TURN_MS },
      { key: 'orders-secondary', name: 'Orders Secondary', members: [loginOf('uma')], turnMs: TURN_MS },
      { key: 'payments-us', name: 'Payments US', members: rotating.slice(0, half), turnMs: TURN_MS },
      { key: 'payments-india', name: 'Payments India', members: rotating.slice(half), turnMs: TURN_MS },
      { key: 'security-standing', name: 'Security Standing', members: [loginOf('lee')] },
    ];
    this.policies = [
      {
        key: 'orders',
        name: 'Orders',
        levels: [[{ schedule: 'orders-primary' }], [{ schedule: 'orders-secondary' }], [{ login: loginOf('kai') }]],
      },
      { key: 'payments', name: 'Payments', levels: [[{ schedule: 'payments-us' }, { schedule: 'payments-india' }]] },
      {
        key: 'platform',
        name: 'Platform',
        levels: [[{ login: loginOf('rhea') }], [], [], [], [{ login: loginOf('wes') }]],
      },
      { key: 'security', name: 'Security', levels: [[{ schedule: 'security-standing' }]] },
    ];
  }

  /** Shifts that overlap the time from `since` until `until`; for a single moment those that run at it. Times in ms. */
  shifts(since: number, until: number): Shift[] {
    const found: Shift[] = [];
    for (const policy of this.policies) {
      policy.levels.forEach((targets, index) => {
        for (const target of targets) {
          const place = { policy: policy.key, level: index + 1 };
          if ('login' in target) {
            found.push({ ...place, login: target.login, schedule: null, start: null, end: null });
          } else {
            const schedule = this.schedules.find((candidate) => candidate.key === target.schedule);
            if (schedule) found.push(...this.#turns(schedule, since, until).map((turn) => ({ ...place, ...turn })));
          }
        }
      });
    }
    const withEnds = found.map((shift) => this.#ended(shift)).filter((shift) => shift !== undefined);
    return [...withEnds, ...this.#added].filter((shift) => overlaps(shift, since, until));
  }

  /** Ends all that the person does on call at `atMs`; later turns of theirs fall away too. */
  end(login: string, atMs: number): void {
    this.#endedAt.set(login, Math.min(atMs, this.#endedAt.get(login) ?? Number.POSITIVE_INFINITY));
    this.#added = this.#added
      .filter((shift) => shift.login !== login || shift.start === null || shift.start < atMs)
      .map((shift) =>
        shift.login === login && (shift.end === null || shift.end > atMs) ? { ...shift, end: atMs } : shift,
      );
  }

  /** Puts a person on call beside the schedules' own turns. */
  add(shift: Shift): void {
    this.#added.push(shift);
  }

  #turns(schedule: Schedule, since: number, until: number): Omit<Shift, 'policy' | 'level'>[] {
    const [only] = schedule.members;
    if (only === undefined) return [];
    if (schedule.turnMs === undefined) {
      return [{ login: only, schedule: schedule.key, start: this.#anchorMs, end: null }];
    }
    const turns: Omit<Shift, 'policy' | 'level'>[] = [];
    const first = Math.floor((since - this.#anchorMs) / schedule.turnMs);
    const last = Math.floor((until - this.#anchorMs) / schedule.turnMs);
    for (let turn = first; turn <= last; turn++) {
      const count = schedule.members.length;
      const login = schedule.members[((turn % count) + count) % count] ?? only;
      const start = this.#anchorMs + turn * schedule.turnMs;
      turns.push({ login, schedule: schedule.key, start, end: start + schedule.turnMs });
    }
    return turns;
  }

  #ended(shift: Shift): Shift | undefined {
    const endedAt = this.#endedAt.get(shift.login);
    if (endedAt === undefined) return shift;
    if (shift.start !== null && shift.start >= endedAt) return undefined;
    return { ...shift, end: shift.end === null ? endedAt : Math.min(shift.end, endedAt) };
  }
}

function overlaps(shift: Shift, since: number, until: number): boolean {
  const start = shift.start ?? Number.NEGATIVE_INFINITY;
  const end = shift.end ?? Number.POSITIVE_INFINITY;
  return since === until ? start <= since && since < end : start < until && since < end;
}
