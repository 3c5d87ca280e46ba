import { companyDevices, type Device, type PostureValue } from './devices.js';
import { generatePeople } from './generate-people.js';
import { namedPeople } from './named-people.js';
import type { HrRecord, OktaStatus, Person, ServiceNowAccount } from './person.js';
import { Rota } from './rota.js';
import type { SandboxClock } from './sandbox-clock.js';
import {
  type ChangeRequest,
  type ConfigurationItem,
  companyChanges,
  companyIncidents,
  companyItems,
  companyProjects,
  type PagedIncident,
  type Project,
} from './service-records.js';

/** Names a person, device or record that the company does not have. */
export class UnknownFactError extends Error {
  override readonly name = 'UnknownFactError';
}

export interface CompanyOptions {
  readonly clock: SandboxClock;
  /** How many people, the named ones included. */
  readonly people: number;
  readonly seed: number;
}

/** What may be changed of a person's HR record, Okta profile and ServiceNow accounts. */
export interface PersonPatch {
  readonly hr?: Partial<HrRecord>;
  /** Merged into the Okta profile. */
  readonly oktaProfile?: Readonly<Record<string, string | number | boolean | readonly string[]>>;
  readonly serviceNow?: readonly ServiceNowAccount[];
}

export interface ShiftStart {
  readonly login: string;
  readonly policy: string;
  readonly level?: number;
  readonly schedule?: string | null;
  /** Ms; now when absent. */
  readonly start?: number | null;
  readonly end?: number | null;
}

/**
 * The one company that all simulated APIs serve. Facts are read from here at each request, so a change shows at every
 * vendor at once.
 */
export class Company {
  people: Person[] = [];
  devices: Device[] = [];
  items: ConfigurationItem[] = [];
  changes: ChangeRequest[] = [];
  projects: Project[] = [];
  incidents: PagedIncident[] = [];
  rota: Rota;
  /** When the members of an Okta group changed last, in ms, by the group's key; absent for those that did not. */
  readonly membershipChangedAt = new Map<string, number>();

  #positions = new Map<string, number>();
  #derived = new Map<string, unknown>();
  readonly #options: CompanyOptions;

  constructor(options: CompanyOptions) {
    this.#options = options;
    this.rota = new Rota(this.now, []);
    this.reset();
  }

  get now(): number {
    return this.#options.clock.now();
  }

  /** Makes the company again, as it was at the start, around the present time of the clock. */
  reset(): void {
    const now = this.now;
    const named = namedPeople(now);
    const generated = generatePeople(Math.max(0, this.#options.people - named.length), this.#options.seed);
    this.people = [...named, ...generated];
    this.devices = companyDevices(this.people, now);
    this.items = companyItems();
    this.changes = companyChanges(now);
    this.projects = companyProjects();
    this.incidents = companyIncidents(now);
    this.membershipChangedAt.clear();
    const rotating = generated
      .filter((person) => person.hr?.department === 'Engineering' && person.hr.employmentStatus === 'active')
      .slice(0, 4);
    this.rota = new Rota(
      now,
      rotating.map((person) => person.login),
    );
    this.#positions = new Map(this.people.map((person, index) => [person.login, index]));
    this.#changed();
  }

  /**
   * A view of the company that is made once and again after each change.
   *
   * @param name of the view; the same name must always be made by the same function
   */
  derived<T>(name: string, make: (company: Company) => T): T {
    if (!this.#derived.has(name)) this.#derived.set(name, make(this));
    return this.#derived.get(name) as T;
  }

  /** @throws UnknownFactError */
  person(login: string): Person {
    const person = this.people[this.#position(login)];
    if (person === undefined) throw new UnknownFactError(`no person ${login}`);
    return person;
  }

  find(login: string | undefined): Person | undefined {
    const position = login === undefined ? undefined : this.#positions.get(login.toLowerCase());
    return position === undefined ? undefined : this.people[position];
  }

  updatePerson(login: string, patch: PersonPatch): Person {
    const person = this.person(login);
    if (patch.hr && person.hr === undefined) throw new UnknownFactError(`${login} has no worker record`);
    if (patch.oktaProfile && person.okta === undefined) throw new UnknownFactError(`${login} has no Okta account`);
    return this.#replace({
      ...person,
      hr: person.hr && { ...person.hr, ...patch.hr },
      okta: person.okta && {
        ...person.okta,
        lastUpdatedAt: patch.oktaProfile ? this.now : person.okta.lastUpdatedAt,
        profile: { ...person.okta.profile, ...patch.oktaProfile },
      },
      serviceNow: patch.serviceNow ?? person.serviceNow,
    });
  }

  setOktaStatus(login: string, status: OktaStatus): Person {
    const person = this.person(login);
    if (person.okta === undefined) throw new UnknownFactError(`${login} has no Okta account`);
    const now = this.now;
    return this.#replace({ ...person, okta: { ...person.okta, status, statusChangedAt: now, lastUpdatedAt: now } });
  }

  /** Groups by key, `<type>:<name>`; one that nobody had before comes to be. */
  changeOktaGroups(login: string, add: readonly string[], remove: readonly string[]): Person {
    const person = this.person(login);
    if (person.okta === undefined) throw new UnknownFactError(`${login} has no Okta account`);
    const groups = new Set([...person.okta.groups, ...add]);
    for (const key of remove) groups.delete(key);
    for (const key of [...add, ...remove]) this.membershipChangedAt.set(key, this.now);
    return this.#replace({ ...person, okta: { ...person.okta, groups: [...groups] } });
  }

  /** @param atMs now when absent */
  endShifts(login: string, atMs: number = this.now): void {
    this.rota.end(this.person(login).login, atMs);
    this.#changed();
  }

  startShift(shift: ShiftStart): void {
    if (!this.rota.policies.some((policy) => policy.key === shift.policy)) {
      throw new UnknownFactError(`no escalation policy ${shift.policy}`);
    }
    this.rota.add({
      login: this.person(shift.login).login,
      policy: shift.policy,
      level: shift.level ?? 1,
      schedule: shift.schedule ?? null,
      start: shift.start === undefined ? this.now : shift.start,
      end: shift.end ?? null,
    });
    this.#changed();
  }

  /** @throws UnknownFactError */
  device(nodeId: string): Device {
    const device = this.devices.find((candidate) => candidate.nodeId === nodeId);
    if (device === undefined) throw new UnknownFactError(`no device ${nodeId}`);
    return device;
  }

  /** Sets posture attributes; null takes one away. `expiries` are ms. */
  changePosture(
    nodeId: string,
    attributes: Readonly<Record<string, PostureValue | null>>,
    expiries: Readonly<Record<string, number>> = {},
  ): Device {
    const device = this.device(nodeId);
    const kept = Object.entries({ ...device.posture, ...attributes }).filter(([, value]) => value !== null);
    const posture = Object.fromEntries(kept) as Record<string, PostureValue>;
    return this.updateDevice(nodeId, { posture, expiries: { ...device.expiries, ...expiries } });
  }

  updateDevice(nodeId: string, patch: Partial<Device>): Device {
    const device = { ...this.device(nodeId), ...patch };
    this.devices = this.devices.map((candidate) => (candidate.nodeId === nodeId ? device : candidate));
    this.#changed();
    return device;
  }

  removeDevice(nodeId: string): void {
    this.device(nodeId);
    this.devices = this.devices.filter((candidate) => candidate.nodeId !== nodeId);
    this.#changed();
  }

  updateItem(key: string, patch: Partial<ConfigurationItem>): ConfigurationItem {
    const found = this.items.find((item) => item.key === key);
    if (found === undefined) throw new UnknownFactError(`no configuration item ${key}`);
    const item = { ...found, ...patch };
    this.items = this.items.map((candidate) => (candidate.key === key ? item : candidate));
    this.#changed();
    return item;
  }

  /** Adds the change request, or puts it in place of the one with its number. */
  putChange(change: ChangeRequest): void {
    this.changes = [...this.changes.filter((candidate) => candidate.number !== change.number), change];
    this.#changed();
  }

  /** Adds the incident, or puts it in place of the one with its number. */
  putIncident(incident: PagedIncident): void {
    this.incidents = [...this.incidents.filter((candidate) => candidate.number !== incident.number), incident];
    this.#changed();
  }

  #position(login: string): number {
    return this.#positions.get(login.toLowerCase()) ?? -1;
  }

  #replace(changed: Person): Person {
    const person = { ...changed, updatedAt: this.now };
    this.people[this.#position(person.login)] = person;
    this.#changed();
    return person;
  }

  #changed(): void {
    this.#derived = new Map();
  }
}
