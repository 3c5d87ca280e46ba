import type { RunningProxy } from './running-proxy.js';

/** The five people of the to-do example: ids say nothing, all attributes are facts of Okta. */
export const HOUSEHOLD = {
  root: { id: 'Q2hPb25lMWE3MzRjMw', email: 'root@acme.example', groups: ['Admins', 'Superusers'] },
  eddy: { id: 'Q2hPdHdvMmI4NDVkNA', email: 'eddy@acme.example', groups: ['Editors'] },
  edna: { id: 'Q2hPdGhyM2M5NTZlNQ', email: 'edna@acme.example', groups: ['Editors'] },
  vic: { id: 'Q2hPZm91NGQwNjdmNg', email: 'vic@acme.example', groups: ['Viewers'] },
  val: { id: 'Q2hPZml2NWUxNzhnNw', email: 'val@acme.example', groups: ['Viewers'] },
} as const;

export const ROLES = { Admins: ['admin'], Superusers: ['superuser'], Editors: ['editor'], Viewers: ['viewer'] };

/** Six people and twenty documents. */
export const STAFF = [
  { id: 'ada', title: 'manager', department: 'Sales' },
  { id: 'bo', title: 'employee', department: 'Legal' },
  { id: 'cy', title: 'contractor', department: 'Legal' },
  { id: 'di', title: 'manager', department: 'Finance' },
  { id: 'ed', title: 'employee', department: 'Finance' },
  { id: 'flo', title: 'contractor', department: 'Accounting' },
] as const;

const DEPARTMENTS = ['Legal', 'Accounting', 'Sales', 'Finance'] as const;

export const DOCUMENTS = Array.from({ length: 20 }, (_, index) => ({
  id: `doc-${String(index + 1).padStart(2, '0')}`,
  owner: STAFF[index % STAFF.length]?.id ?? '',
  department: DEPARTMENTS[(index * 7 + Math.floor(index / 3)) % DEPARTMENTS.length] ?? '',
}));

export const DOCUMENT_ACTIONS = ['delete', 'edit', 'view'] as const;

/** Who may do what with a document, written apart from the policy. */
export function mayDo(person: (typeof STAFF)[number], document: (typeof DOCUMENTS)[number], action: string): boolean {
  const isOwner = document.owner === person.id;
  if (action === 'delete' || isOwner) return isOwner;
  const isManager = person.title === 'manager';
  const isOfDepartment = person.department === document.department;
  return action === 'view' ? isManager || isOfDepartment : isManager && isOfDepartment;
}

export const MAPPING = {
  authzen: {
    subjects: {
      user: { roles: ['user'] },
      robot: {
        roles: ['user'],
        people: false,
        members: [{ id: 'r2', properties: { department: 'Legal', title: 'robot' } }],
      },
    },
    types: {
      record: {
        actions: ['read', 'write', 'delete'],
        resources: [
          { id: 'record-1', properties: { status: 'active' } },
          { id: 'record-2', properties: { status: 'archived' } },
        ],
      },
      todo: {},
      user: { kind: 'profile' },
      route: {},
      document: {
        actions: [...DOCUMENT_ACTIONS],
        resources: DOCUMENTS.map(({ id, owner, department }) => ({ id, properties: { owner, department } })),
      },
    },
  },
};

/** Puts everybody's facts into the cache, and nowhere else. */
export async function holdEverybody(running: RunningProxy): Promise<void> {
  for (const { id, email, groups } of Object.values(HOUSEHOLD)) {
    await running.hold(id, 'okta', { login: id, email, groups: [...groups] });
  }
  for (const { id, title, department } of STAFF) {
    await running.hold(id, 'okta', { login: id, title, department, groups: [] });
  }
  await running.hold('alice', 'okta', { login: 'alice', groups: [] });
  await running.hold('bob', 'okta', { login: 'bob', groups: ['admins'] });
}
