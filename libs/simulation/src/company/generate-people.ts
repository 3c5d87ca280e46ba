import { newPerson } from './new-person.js';
import { DEPARTMENT_NAMES, type Department, type Person } from './person.js';
import { SeededRandom } from './seeded-random.js';

const FIRST_NAMES = [
  'Adela',
  'Bruno',
  'Chiara',
  'Dario',
  'Elif',
  'Farid',
  'Greta',
  'Henrik',
  'Ines',
  'Jonas',
  'Kenji',
  'Leila',
  'Marta',
  'Nils',
  'Odile',
  'Pavel',
  'Rosa',
  'Stefan',
  'Tomas',
  'Vera',
] as const;

const LAST_NAMES = [
  'Abadi',
  'Becker',
  'Costa',
  'Dubois',
  'Engel',
  'Fontana',
  'Gomez',
  'Haas',
  'Ito',
  'Jovanovic',
  'Klein',
  'Lopez',
  'Marini',
  'Novak',
  'Ortiz',
  'Pereira',
  'Richter',
  'Santos',
  'Toth',
  'Vogel',
] as const;

const TITLES: Readonly<Record<Department, readonly [string, ...string[]]>> = {
  Engineering: ['Software Engineer', 'Senior Software Engineer', 'Site Reliability Engineer'],
  Sales: ['Account Executive', 'Sales Development Representative'],
  'People Ops': ['HR Business Partner', 'Recruiter'],
  Finance: ['Accountant', 'Financial Analyst'],
  Support: ['Support Engineer', 'Customer Advocate'],
  Security: ['Security Engineer', 'Security Analyst'],
};

const MANAGERS: Readonly<Record<Department, string>> = {
  Engineering: 'kai',
  Sales: 'dev',
  'People Ops': 'mia',
  Finance: 'mia',
  Support: 'kai',
  Security: 'mia',
};

const SITES = [
  ['Lisbon', 'Portugal'],
  ['Berlin', 'Germany'],
  ['Dublin', 'Ireland'],
  ['Austin', 'United States of America'],
] as const;

/**
 * People beside the named ones, the same for the same seed. A longer list begins with the shorter one. About one in
 * twelve is contingent, one in fifty on leave and one in forty gone.
 *
 * @param count how many
 */
export function generatePeople(count: number, seed: number): Person[] {
  const random = new SeededRandom(seed);
  const people: Person[] = [];
  for (let index = 0; index < count; index++) {
    const firstName = random.pick(FIRST_NAMES);
    const lastName = random.pick(LAST_NAMES);
    const department = DEPARTMENT_NAMES[index % DEPARTMENT_NAMES.length] ?? 'Engineering';
    const [location, country] = random.pick(SITES);
    const contingent = random.integer(12) === 0;
    const gone = random.integer(40) === 0;
    const onLeave = random.integer(50) === 0;
    const year = 2018 + random.integer(8);
    const month = String(1 + random.integer(12)).padStart(2, '0');
    people.push(
      newPerson({
        name: `${firstName}.${lastName}${index + 1}`.toLowerCase(),
        firstName,
        lastName,
        department,
        title: random.pick(TITLES[department]),
        manager: MANAGERS[department],
        workerId: contingent ? `C-${30_001 + index}` : String(20_001 + index),
        workerType: contingent ? 'contingent' : 'employee',
        employmentStatus: gone ? 'terminated' : onLeave ? 'on_leave' : 'active',
        oktaStatus: gone ? 'DEPROVISIONED' : 'ACTIVE',
        hireDate: `${year}-${month}-15`,
        terminationDate: gone ? `${Math.min(year + 1, 2025)}-${month}-28` : undefined,
        location,
        country,
      }),
    );
  }
  return people;
}
