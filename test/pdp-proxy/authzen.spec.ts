import { eventually } from '@iris/context-cache/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  DOCUMENT_ACTIONS,
  DOCUMENTS,
  HOUSEHOLD,
  holdEverybody,
  MAPPING,
  mayDo,
  ROLES,
  STAFF,
} from './authzen-world.js';
import { post, RunningProxy } from './running-proxy.js';

let running: RunningProxy;

beforeAll(async () => {
  running = await RunningProxy.start({
    mapping: MAPPING,
    sources: ['okta'],
    environment: {
      IRIS_ROLES_FROM_GROUPS: JSON.stringify(ROLES),
      IRIS_AUTHZEN_PUBLIC_URL: 'https://pdp.acme.example/',
    },
  });
  await holdEverybody(running);
});

afterAll(async () => {
  await running.stop();
});

const call = (path: string, body: unknown, headers = {}) =>
  post(`${running.proxy.httpUrl}/access/v1/${path}`, body, headers);
const user = (id: string, properties?: object) => ({ type: 'user', id, ...(properties && { properties }) });
const record = (id: string, status?: string) => ({ type: 'record', id, ...(status && { properties: { status } }) });
const action = (name: string, properties?: object) => ({ name, ...(properties && { properties }) });
const READ = { subject: user('alice'), action: action('read'), resource: record('record-1') };

describe('an evaluation', () => {
  it.each<[boolean, object]>([
    [true, READ],
    [true, { ...READ, action: action('write') }],
    [true, { ...READ, subject: user('bob') }],
    [false, { ...READ, subject: user('bob'), action: action('write') }],
    [false, { ...READ, action: action('write'), resource: record('record-2', 'archived') }],
    [
      true,
      { subject: user('bob', { role: 'admin' }), action: action('write'), resource: record('record-2', 'archived') },
    ],
    [true, { ...READ, action: action('delete', { soft: true }) }],
    [false, { ...READ, action: action('delete', { soft: false }) }],
    [true, { ...READ, context: { time: '2026-06-27T18:03-07:00', ip: '192.168.1.1' } }],
    [
      true,
      {
        subject: user('alice', { department: 'Sales' }),
        action: action('read', { method: 'GET' }),
        resource: record('record-1', 'active'),
      },
    ],
    [true, { ...READ, foo: 'bar', futureField: { nested: true } }],
    [false, { ...READ, resource: { type: 'starship', id: 'x' } }],
    [false, { ...READ, subject: { type: 'alien', id: 'x' } }],
  ])('decides %s on %j', async (decision, request) => {
    const { status, type, body } = await call('evaluation', request);
    expect({ status, type, body }).toMatchObject({ status: 200, type: 'application/json', body: { decision } });
  });

  const { subject, action: _action, resource } = READ;
  it.each<[string, unknown]>([
    ['no subject', { action: action('read'), resource }],
    ['no action', { subject, resource }],
    ['no resource', { subject, action: action('read') }],
    ['no subject.type', { ...READ, subject: { id: 'alice' } }],
    ['no subject.id', { ...READ, subject: { type: 'user' } }],
    ['no action.name', { ...READ, action: {} }],
    ['no resource.type', { ...READ, resource: { id: 'record-1' } }],
    ['no resource.id', { ...READ, resource: { type: 'record' } }],
    ['a text for a subject', { ...READ, subject: 'alice' }],
    ['a number for a name', { ...READ, action: { name: 123 } }],
    ['a list for properties', { ...READ, subject: { ...subject, properties: [] } }],
    ['no JSON', '{"subject":'],
    ['a list', '[]'],
    ['nothing', ''],
  ])('with %s is refused with a text that names the problem', async (_name, request) => {
    const { status, type, body } = await call('evaluation', request);
    expect({ status, type }).toEqual({ status: 400, type: 'text/plain; charset=utf-8' });
    expect(body).toMatch(/missing|must|not valid/);
  });

  it.each(['text/plain', 'application/x-www-form-urlencoded', 'application/jsonp'])(
    'of the type %s is refused',
    async (type) => {
      expect(await call('evaluation', READ, { 'content-type': type })).toMatchObject({ status: 400 });
    },
  );

  it('echoes the id of the request, also with an error', async () => {
    for (const body of [READ, {}]) {
      const { headers } = await call('evaluation', body, { 'x-request-id': 'bfe9eb29-ab87' });
      expect(headers.get('x-request-id')).toBe('bfe9eb29-ab87');
    }
    expect((await call('evaluation', READ)).headers.get('x-request-id')).toMatch(/^[\w-]{36}$/);
  });

  it('is decided alike each time', async () => {
    const all = await Promise.all(Array.from({ length: 5 }, () => call('evaluation', READ)));
    expect(all.map(({ body }) => (body as { decision: boolean }).decision)).toEqual([true, true, true, true, true]);
  });

  it('is only posted', async () => {
    const response = await fetch(`${running.proxy.httpUrl}/access/v1/evaluation`);
    expect(response.status).toBe(405);
  });
});

describe('a batch', () => {
  const batch = async (body: object) => {
    const { status, body: answer } = await call('evaluations', body);
    expect(status).toBe(200);
    return (answer as { evaluations: { decision: boolean; context?: object }[] }).evaluations;
  };
  const decisions = async (body: object) => (await batch(body)).map(({ decision }) => decision);

  it('is decided item by item, in its order, with the defaults of the whole', async () => {
    expect(
      await decisions({
        subject: user('bob'),
        resource: record('record-1'),
        evaluations: [{ action: action('read') }, { action: action('write') }],
      }),
    ).toEqual([true, false]);
    expect(
      await decisions({
        evaluations: [READ, { subject: user('bob'), action: action('write'), resource: record('record-1') }],
      }),
    ).toEqual([true, false]);
    expect(
      await decisions({
        ...READ,
        action: action('write'),
        evaluations: [{}, { resource: record('record-2', 'archived') }],
      }),
    ).toEqual([true, false]);
    expect(await decisions({ ...READ, context: { a: 1 }, evaluations: [{}, { context: { b: 2 } }] })).toEqual([
      true,
      true,
    ]);
  });

  it('decides an item by its own properties, also of a subject or resource that another item names too', async () => {
    const archived = record('record-9', 'archived');
    const subjects = [user('carl', { role: 'admin' }), user('carl'), user('carl', { role: 'admin' })];
    expect(
      await decisions({
        action: action('write'),
        resource: archived,
        evaluations: subjects.map((subject) => ({ subject })),
      }),
    ).toEqual([true, false, true]);
    const resources = [record('record-9', 'active'), archived, record('record-9', 'active')];
    expect(
      await decisions({
        subject: user('carl', { role: 'admin' }),
        action: action('write'),
        evaluations: resources.map((resource) => ({ resource })),
      }),
    ).toEqual([false, true, false]);
  });

  it('reports an item that is not valid as that item', async () => {
    const { resource: _resource, ...rest } = READ;
    const options = { evaluations_semantic: 'execute_all' };
    expect(await batch({ ...rest, options, evaluations: [{ resource: READ.resource }, {}, 7] })).toMatchObject([
      { decision: true },
      { decision: false, context: { error: { status: 400, message: 'resource is missing' } } },
      { decision: false, context: { error: { status: 400 } } },
    ]);
  });

  it.each([
    ['deny_on_first_deny', [true, false]],
    ['permit_on_first_permit', [true]],
    ['execute_all', [true, false, true]],
  ])('ends as %s states', async (semantic, expected) => {
    const evaluations = [READ, { ...READ, subject: user('bob'), action: action('write') }, READ];
    expect(await decisions({ options: { evaluations_semantic: semantic }, evaluations })).toEqual(expected);
  });

  it('without items is a single evaluation', async () => {
    for (const evaluations of [undefined, []]) {
      expect(await call('evaluations', { ...READ, evaluations })).toMatchObject({
        status: 200,
        body: { decision: true },
      });
    }
  });

  it.each([
    [{ ...READ, evaluations: {} }],
    [{ ...READ, options: { evaluations_semantic: 'some' }, evaluations: [{}] }],
  ])('of another form is refused: %j', async (body) => {
    expect(await call('evaluations', body)).toMatchObject({ status: 400 });
  });

  it('of 120 items is decided over several questions', async () => {
    const evaluations = Array.from({ length: 120 }, (_, index) => ({
      action: action(index % 3 === 0 ? 'write' : 'read'),
      resource: record(`r${index}`, 'archived'),
    }));
    expect(await decisions({ subject: user('alice'), evaluations })).toEqual(
      evaluations.map((_, index) => index % 3 !== 0),
    );
  });
});

describe('subjects whose attributes are in the cache alone', () => {
  const { root, eddy, edna, vic, val } = HOUSEHOLD;
  const people = [root, eddy, edna, vic, val];
  const owned = (owner: { email: string }) => ({
    type: 'todo',
    id: `todo of ${owner.email}`,
    properties: { ownerID: owner.email },
  });
  const isEditor = (person: (typeof people)[number]) => person === eddy || person === edna;

  it('get the right decisions on to-dos', async () => {
    const cases = people.flatMap((person) => {
      const other = person === root ? eddy : root;
      return [
        ['can_read_user', { type: 'user', id: vic.email }, true],
        ['can_read_user', { type: 'user', id: person.email }, true],
        ['can_read_todos', { type: 'todo', id: 'todo-1' }, true],
        ['can_create_todo', { type: 'todo', id: 'todo-1' }, person === root || isEditor(person)],
        ['can_update_todo', owned(other), person === root],
        ['can_update_todo', owned(person), person === root || isEditor(person)],
        ['can_delete_todo', owned(other), person === root],
        ['can_delete_todo', owned(person), person === root || isEditor(person)],
      ].map(([name, resource, expected]) => ({
        request: { subject: user(person.id), action: { name }, resource },
        expected,
      }));
    });
    expect(cases).toHaveLength(40);
    for (const { request, expected } of cases) {
      expect({ request, ...((await call('evaluation', request)).body as object) }).toMatchObject({
        request,
        decision: expected,
      });
    }
  });

  it.each([
    [root, [true, true]],
    [eddy, [false, true]],
    [val, [false, false]],
  ])('get the right decisions on a batch of to-dos: %j', async (person, expected) => {
    const evaluations = [{ resource: owned(root) }, { resource: owned(person === root ? val : person) }];
    const { body } = await call('evaluations', {
      subject: user(person.id),
      action: action('can_update_todo'),
      evaluations,
    });
    expect((body as { evaluations: object[] }).evaluations).toMatchObject(expected.map((decision) => ({ decision })));
  });

  it('get the right decisions on routes', async () => {
    const routes = [
      ['GET', '/users/{userId}'],
      ['GET', '/todos'],
      ['POST', '/todos'],
      ['PUT', '/todos/{todoId}'],
      ['DELETE', '/todos/{todoId}'],
    ] as const;
    for (const person of people) {
      for (const [name, id] of routes) {
        const request = { subject: user(person.id), action: { name }, resource: { type: 'route', id } };
        const decision = name === 'GET' || person === root || isEditor(person);
        expect({ request, ...((await call('evaluation', request)).body as object) }).toMatchObject({
          request,
          decision,
        });
      }
    }
  });
});

describe('a search', () => {
  const search = async (what: string, body: object) => {
    const { status, body: answer } = await call(`search/${what}`, body);
    expect(status).toBe(200);
    return answer as {
      results: { id: string; name: string; type: string }[];
      page: { next_token: string; properties?: object };
    };
  };
  const document = (id: string) => ({ type: 'document', id });

  it('of actions, subjects and resources returns what the rules say', async () => {
    for (const person of STAFF) {
      for (const item of DOCUMENTS) {
        const { results } = await search('action', { subject: user(person.id), resource: document(item.id) });
        expect([person.id, item.id, results.map(({ name }) => name)]).toEqual([
          person.id,
          item.id,
          DOCUMENT_ACTIONS.filter((name) => mayDo(person, item, name)),
        ]);
      }
      for (const name of DOCUMENT_ACTIONS) {
        const { results } = await search('resource', {
          subject: user(person.id),
          action: { name },
          resource: { type: 'document' },
        });
        expect(results.map(({ id }) => id)).toEqual(
          DOCUMENTS.filter((item) => mayDo(person, item, name)).map(({ id }) => id),
        );
      }
    }
    for (const item of DOCUMENTS) {
      for (const name of DOCUMENT_ACTIONS) {
        const { results } = await search('subject', {
          subject: { type: 'user' },
          action: { name },
          resource: document(item.id),
        });
        expect(results).toEqual(
          STAFF.filter((person) => mayDo(person, item, name)).map(({ id }) => ({ type: 'user', id })),
        );
      }
    }
  });

  const READERS = { subject: { type: 'user' }, action: action('read'), resource: record('record-1') };

  it('ignores the id of what is searched for, and the context', async () => {
    const plain = await search('subject', READERS);
    expect(plain.results.map(({ id }) => id)).toEqual(expect.arrayContaining(['alice', 'bob']));
    expect(await search('subject', { ...READERS, subject: user('alice'), context: { ip: '10.0.0.1' } })).toEqual(plain);
    const writable = { subject: user('bob', { role: 'admin' }), action: action('write'), resource: { type: 'record' } };
    const resources = await search('resource', writable);
    expect(resources.results).toContainEqual({ type: 'record', id: 'record-2' });
    expect(await search('resource', { ...writable, resource: record('record-1') })).toEqual(resources);
    const writers = await search('subject', {
      ...READERS,
      action: action('write'),
      resource: record('record-2', 'archived'),
    });
    expect(writers.results).toContainEqual({ type: 'user', id: 'bob' });
    const actions = await search('action', {
      subject: user('bob', { role: 'admin' }),
      resource: record('record-2', 'archived'),
    });
    expect(actions.results).toContainEqual({ name: 'write' });
  });

  it('returns its pages one after the other', async () => {
    const whole = await search('subject', READERS);
    const ids: string[] = [];
    let token = '';
    do {
      const part = await search('subject', { ...READERS, page: { limit: 3, ...(token === '' ? {} : { token }) } });
      expect(part.results.length).toBeLessThanOrEqual(3);
      ids.push(...part.results.map(({ id }) => id));
      token = part.page.next_token;
    } while (token !== '');
    expect(ids).toEqual(whole.results.map(({ id }) => id));
    expect(whole.page.next_token).toBe('');
  });

  it('finds members that the mapping file lists, for a type that is no person', async () => {
    const { results } = await search('subject', {
      subject: { type: 'robot' },
      action: action('view'),
      resource: document(DOCUMENTS.find(({ department }) => department === 'Legal')?.id ?? ''),
    });
    expect(results).toEqual([{ type: 'robot', id: 'r2' }]);
  });

  it.each([
    ['subject', { ...READERS, subject: { type: 'spaceship' } }],
    ['resource', { subject: user('alice'), action: action('read'), resource: { type: 'spaceship' } }],
    ['action', { subject: user('alice'), resource: { type: 'spaceship', id: 'x' } }],
  ])('of %s for an unknown type is empty', async (what, body) => {
    expect(await search(what, body)).toMatchObject({ results: [], page: { next_token: '' } });
  });

  it.each([
    ['subject', { subject: { type: 'user' }, resource: record('record-1') }],
    ['resource', { action: action('read'), resource: { type: 'record' } }],
    ['action', { subject: user('alice') }],
    ['subject', { ...READERS, resource: { type: 'record' } }],
    ['resource', { ...READERS, resource: { type: 'record' } }],
    ['action', { subject: { type: 'user' }, resource: record('record-1') }],
    ['subject', { ...READERS, page: { limit: 0 } }],
    ['subject', { ...READERS, page: { token: 'made up' } }],
  ])('of %s that is not valid is refused: %j', async (what, body) => {
    expect(await call(`search/${what}`, body)).toMatchObject({ status: 400, type: 'text/plain; charset=utf-8' });
  });

  it('names the subjects whose facts are stale', async () => {
    await running.hold('zoe', 'okta', { login: 'zoe', groups: [] }, 700_000);
    // The list of people is read again after some seconds.
    let found = await search('subject', READERS);
    await eventually(async () => {
      found = await search('subject', READERS);
      expect(found.results).toContainEqual({ type: 'user', id: 'zoe' });
    });
    expect(found.page.properties).toEqual({ unknown: { subjects: [{ id: 'zoe', sources: { okta: 'stale' } }] } });
  });
});

describe('discovery', () => {
  it('states the endpoints', async () => {
    const response = await fetch(`${running.proxy.httpUrl}/.well-known/authzen-configuration`);
    expect(response.headers.get('content-type')).toMatch(/^application\/json/);
    expect(await response.json()).toEqual({
      policy_decision_point: 'https://pdp.acme.example',
      access_evaluation_endpoint: 'https://pdp.acme.example/access/v1/evaluation',
      access_evaluations_endpoint: 'https://pdp.acme.example/access/v1/evaluations',
      search_subject_endpoint: 'https://pdp.acme.example/access/v1/search/subject',
      search_resource_endpoint: 'https://pdp.acme.example/access/v1/search/resource',
      search_action_endpoint: 'https://pdp.acme.example/access/v1/search/action',
    });
  });
});
