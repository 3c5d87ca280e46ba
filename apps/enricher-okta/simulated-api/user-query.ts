import { directoryOf, type OktaPerson, userRecord } from './okta-records.js';
import { attributesOf, type FilterExpression, matchesFilter, parseFilter } from './scim-filter.js';

/** A query that Okta refuses although it can be parsed. */
export class InvalidUserQueryError extends Error {
  override readonly name = 'InvalidUserQueryError';
}

/** The attributes that `filter` may name; `search` may name any. */
const FILTERABLE: ReadonlySet<string> = new Set([
  'status',
  'lastUpdated',
  'id',
  'profile.login',
  'profile.email',
  'profile.firstName',
  'profile.lastName',
]);

/**
 * The people that `search`, `filter` or `q` of a user list asks for, in a stable order, from behind the person whose
 * id the cursor `after` holds. Without `search` and `filter` deprovisioned people are left out.
 *
 * @throws FilterSyntaxError
 * @throws InvalidUserQueryError
 */
export function findPeople(
  directory: ReturnType<typeof directoryOf>,
  query: URLSearchParams,
  baseUrl: string,
): Iterable<OktaPerson> {
  const search = query.get('search');
  const filter = query.get('filter');
  if (search !== null && filter !== null) throw new InvalidUserQueryError('search and filter exclude each other');
  const text = search ?? filter;
  if (text !== null) {
    const expression = parseFilter(text);
    const stranger = filter === null ? undefined : attributesOf(expression).find((name) => !FILTERABLE.has(name));
    if (stranger !== undefined) throw new InvalidUserQueryError(`${stranger} cannot be filtered by`);
    const likely = candidates(directory, expression) ?? fromCursor(directory, query.get('after'));
    return matching(likely, (person) => matchesFilter(expression, userRecord(person, baseUrl)));
  }
  const prefix = query.get('q')?.toLowerCase() ?? '';
  return matching(fromCursor(directory, query.get('after')), (person) => {
    if (person.okta.status === 'DEPROVISIONED') return false;
    const names = [person.firstName, person.lastName, person.email];
    return prefix === '' || names.some((name) => name.toLowerCase().startsWith(prefix));
  });
}

function* matching(people: Iterable<OktaPerson>, fits: (person: OktaPerson) => boolean): Iterable<OktaPerson> {
  for (const person of people) if (fits(person)) yield person;
}

function* fromCursor(directory: ReturnType<typeof directoryOf>, after: string | null): Iterable<OktaPerson> {
  const first = after === null ? 0 : (directory.byId.get(after) ?? directory.people.length) + 1;
  for (let position = first; position < directory.people.length; position++) {
    const person = directory.people[position];
    if (person) yield person;
  }
}

/** The few who can fit when the whole expression asks for one e-mail or login: they never fill a page. */
function candidates(
  directory: ReturnType<typeof directoryOf>,
  expression: FilterExpression,
): readonly OktaPerson[] | undefined {
  const keys = expression.kind === 'and' ? expression.parts : [expression];
  for (const part of keys) {
    if (part.kind !== 'compare' || part.operator !== 'eq' || typeof part.value !== 'string') continue;
    const positions =
      part.attribute === 'profile.email'
        ? (directory.byEmail.get(part.value.toLowerCase()) ?? [])
        : part.attribute === 'profile.login'
          ? [directory.byLogin.get(part.value.toLowerCase())]
          : undefined;
    if (positions === undefined) continue;
    return positions.map((at) => (at === undefined ? undefined : directory.people[at])).filter((p) => p !== undefined);
  }
  return undefined;
}
