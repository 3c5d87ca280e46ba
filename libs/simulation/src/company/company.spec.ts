import { describe, expect, it } from '@jest/globals';
import { Company } from './company.js';
import { generatePeople } from './generate-people.js';
import { SandboxClock } from './sandbox-clock.js';

function newCompany(people: number, seed = 1): Company {
  return new Company({ clock: new SandboxClock(), people, seed });
}

describe('the company', () => {
  it('is the same for the same seed and another for another', () => {
    const names = (seed: number) => generatePeople(200, seed).map((person) => person.login);
    expect(names(7)).toEqual(names(7));
    expect(names(7)).not.toEqual(names(8));
    expect(generatePeople(50, 7)).toEqual(generatePeople(200, 7).slice(0, 50));
  });

  it('has distinct logins, worker ids and devices at 50,000 people', () => {
    const company = newCompany(50_000);
    expect(company.people).toHaveLength(50_000);
    const distinct = (values: (string | undefined)[]) => new Set(values.filter((value) => value !== undefined)).size;
    expect(distinct(company.people.map((person) => person.login))).toBe(50_000);
    const workers = company.people.filter((person) => person.hr !== undefined);
    expect(distinct(workers.map((person) => person.hr?.workerId))).toBe(workers.length);
    expect(distinct(company.devices.map((device) => device.nodeId))).toBe(company.devices.length);
    expect(distinct(company.devices.map((device) => device.numericId))).toBe(company.devices.length);
  });

  it('names only managers, owners, members and assignees that it has', () => {
    const company = newCompany(40);
    const named = [
      ...company.people.map((person) => person.hr?.managerLogin),
      ...company.items.map((item) => item.ownerLogin),
      ...company.projects.flatMap((project) => [project.managerLogin, ...project.members]),
      ...company.changes.map((change) => change.assignedTo),
      ...company.incidents.map((incident) => incident.assignedTo),
      ...company.rota.shifts(company.now, company.now).map((shift) => shift.login),
    ].filter((login) => login !== undefined);
    expect(named.filter((login) => company.find(login) === undefined)).toEqual([]);
    const items = new Set(company.items.map((item) => item.key));
    expect(company.changes.filter((change) => !items.has(change.item))).toEqual([]);
  });

  it('has every department, kind of work and status in its forty people', () => {
    const { people } = newCompany(40);
    expect(people).toHaveLength(40);
    expect(new Set(people.map((person) => person.hr?.department))).toEqual(
      new Set(['Engineering', 'Sales', 'People Ops', 'Finance', 'Support', 'Security', undefined]),
    );
    const by = (login: string) => people.find((person) => person.login === `${login}@lumen.example`);
    expect(by('hana')?.hr?.employmentStatus).toBe('on_leave');
    expect([by('ivo')?.hr?.employmentStatus, by('ivo')?.okta?.status]).toEqual(['terminated', 'ACTIVE']);
    expect(by('jo')?.okta?.status).toBe('SUSPENDED');
    expect(by('gus')?.hr?.workerType).toBe('contingent');
  });

  it('is made again by a reset', () => {
    const company = newCompany(40);
    const before = company.person('ana@lumen.example');
    company.setOktaStatus('ana@lumen.example', 'SUSPENDED');
    company.endShifts('ana@lumen.example');
    company.removeDevice('nAnaMacCNTRL');
    company.reset();
    expect(company.person('ANA@lumen.example')).toEqual(before);
    expect(company.device('nAnaMacCNTRL').user).toBe('ana@lumen.example');
    expect(company.rota.shifts(company.now, company.now).map((shift) => shift.login)).toContain('ana@lumen.example');
  });
});
