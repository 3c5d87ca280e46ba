import { readFileSync } from 'node:fs';
import { failure, type ReceivedRequest, type ScriptedAnswer, scriptedSources } from '@iris/enricher-kit/testing';
import { afterEach, describe, expect, it } from '@jest/globals';
import { definition } from '../src/definition.js';

const fixture = (name: string) => JSON.parse(readFileSync(new URL(`./fixtures/${name}.json`, import.meta.url), 'utf8'));
const [row] = fixture('report').Report_Entry;
const LOGIN = 'maya.okafor@acme.example';
const NOON = Date.parse('2026-11-16T12:00:00Z');

const sources = scriptedSources(definition, (url) => ({
  IRIS_WORKDAY_URL: url,
  IRIS_WORKDAY_TENANT: 'acme',
  IRIS_WORKDAY_USER: 'ISU_Iris',
  IRIS_WORKDAY_PASSWORD: 'secret-password',
  IRIS_WORKDAY_REPORT_OWNER: 'ISU_Iris',
  IRIS_WORKDAY_REPORT: 'Worker_By_Email',
}));
afterEach(() => sources.close());
const workday = sources.start;

type Source = ReturnType<typeof definition.create>;
const ask = (source: Source, loginName = LOGIN, now = NOON) =>
  source.lookup({ principal: loginName, loginName }, { signal: AbortSignal.timeout(5000), now });
const report = (...rows: unknown[]) => ({ body: { Report_Entry: rows } });

describe('the report', () => {
  it('is asked for one work e-mail', async () => {
    const { server, source } = await workday(() => ({ body: fixture('report') }));
    await expect(ask(source)).resolves.toMatchObject({
      status: 'FOUND',
      attributes: { workerId: '100417', employmentStatus: 'active' },
    });
    const [request] = server.requests;
    expect(request?.path).toBe('/ccx/service/customreport2/acme/ISU_Iris/Worker_By_Email');
    expect(Object.fromEntries(request?.query ?? [])).toEqual({ format: 'json', Work_Email: LOGIN });
    expect(request?.headers.authorization).toBe(`Basic ${Buffer.from('ISU_Iris:secret-password').toString('base64')}`);
  });

  it.each(['', '.', 'me', 'user@github', `${'x'.repeat(600)}@b.c`])('is not asked for %j', async (loginName) => {
    const { server, source } = await workday(() => ({ body: fixture('report') }));
    await expect(ask(source, loginName)).resolves.toMatchObject({ status: 'NOT_FOUND' });
    expect(server.requests).toEqual([]);
  });

  it('of everybody comes whole, and may take longer than that of one', async () => {
    const { source } = await workday(() => ({ body: fixture('report'), delayMs: 1000 }), {
      IRIS_WORKDAY_SNAPSHOT_REPORT: 'All_Workers',
      IRIS_WORKDAY_REQUEST_TIMEOUT_MS: '200',
    });
    const items = [];
    for await (const item of source.bulk?.({ signal: AbortSignal.timeout(10_000), now: NOON }) ?? []) items.push(item);
    expect(items).toHaveLength(1);
    expect((await failure(ask(source))).kind).toBe('timeout');
  });

  it('without a row returns not found', async () => {
    const { source } = await workday(() => report());
    await expect(ask(source)).resolves.toEqual({ status: 'NOT_FOUND', reason: 'subject_not_found' });
  });

  it.each(Object.entries(fixture('invalid_reports')))('is not taken for "nobody" with %s', async (_, body) => {
    const { source } = await workday(() => ({ body }));
    expect((await failure(ask(source))).kind).toBe('bad_response');
  });

  it('that ignores the prompt still gives the right person, and never another', async () => {
    const other = { ...row, Employee_ID: '1', Work_Email: 'ceo@acme.example' };
    const everyone = await workday(() => report(other, row, { ...other, Work_Email: null }));
    await expect(ask(everyone.source)).resolves.toMatchObject({ attributes: { workerId: '100417' } });
    const others = await workday(() => report(other));
    expect((await failure(ask(others.source))).kind).toBe('bad_response');
    const unnamed = await workday(() => report({ ...row, Work_Email: null }));
    expect((await failure(ask(unnamed.source))).kind).toBe('bad_response');
  });

  it('ends the answer with the last day in the time zone of the tenant', async () => {
    const { source } = await workday(() => report({ ...row, Termination_Date: '2026-11-16' }), {
      IRIS_WORKDAY_TIME_ZONE: 'America/New_York',
    });
    await expect(ask(source)).resolves.toMatchObject({
      attributes: { employmentStatus: 'active', terminationDate: '2026-11-16' },
      endsAt: Date.parse('2026-11-17T05:00:00Z'),
    });
  });

  it('is refused with a last day that cannot be read', async () => {
    const { source } = await workday(() => report({ ...row, Termination_Date: 'soon' }));
    expect((await failure(ask(source))).kind).toBe('bad_response');
  });

  it('may have other names for its columns', async () => {
    const { source } = await workday(() => report({ id: '7', 'Email_-_Work': LOGIN, CF_State: 'On Leave' }), {
      IRIS_WORKDAY_COLUMNS: '{"workerId":"id","email":"Email_-_Work","status":"CF_State"}',
    });
    await expect(ask(source)).resolves.toMatchObject({ attributes: { workerId: '7', employmentStatus: 'on_leave' } });
  });

  it.each([
    [401, '<wd:Fault/>', 'unauthorized'],
    [403, '<wd:Fault/>', 'unauthorized'],
    [404, '<wd:Fault/>', 'bad_response'],
    [429, {}, 'rate_limited'],
    [500, '<wd:Fault/>', 'unavailable'],
    [200, '<wd:Report_Data/>', 'bad_response'],
  ])('is refused with a %i and %j as %s', async (status, body, kind) => {
    const { source } = await workday(() => ({ status, body }));
    expect((await failure(ask(source))).kind).toBe(kind);
  });
});

describe('the staffing API', () => {
  const worker = { id: 'aa11', primaryWorkEmail: LOGIN, businessTitle: 'SRE', descriptor: 'Maya Okafor' };
  const environment = { IRIS_WORKDAY_MODE: 'rest', IRIS_WORKDAY_REPORT: '' };
  const isDetail = ({ path }: ReceivedRequest) => !path.endsWith('/workers');

  function staffing(workers: object[], detail: ScriptedAnswer = { body: worker }) {
    return workday((request) => {
      if (isDetail(request)) return detail;
      const offset = Number(request.query.get('offset'));
      return { body: { total: workers.length, data: workers.slice(offset, offset + 100) } };
    }, environment);
  }

  const others = Array.from({ length: 120 }, (_, index) => ({ id: `o${index}`, primaryWorkEmail: `o${index}@b.c` }));

  it('is read on all pages once, then worker by worker', async () => {
    const { server, source } = await staffing([...others, worker]);
    await Promise.all([ask(source), ask(source)]);
    await expect(ask(source)).resolves.toEqual({
      status: 'FOUND',
      attributes: { workerId: 'aa11', employmentStatus: 'active', title: 'SRE' },
    });
    expect(server.requests.filter((request) => !isDetail(request)).map(({ query }) => query.get('offset'))).toEqual([
      '0',
      '95',
    ]);
    expect(server.requests.filter(isDetail).map(({ path }) => path)).toEqual(
      Array(3).fill('/ccx/api/staffing/v7/acme/workers/aa11'),
    );
  });

  it('is read again when the list is old or could not be read', async () => {
    let broken = true;
    const { server, source } = await workday((request) => {
      if (isDetail(request)) return { body: worker };
      return broken ? { status: 500, body: {} } : { body: { total: 1, data: [worker] } };
    }, environment);
    expect((await failure(ask(source))).kind).toBe('unavailable');
    broken = false;
    await expect(ask(source)).resolves.toMatchObject({ status: 'FOUND' });
    await expect(ask(source, LOGIN, NOON + 3_600_001)).resolves.toMatchObject({ status: 'FOUND' });
    expect(server.requests.filter((request) => !isDetail(request))).toHaveLength(3);
  });

  it.each([['nobody', others, 'subject_not_found']])('knows %s', async (_, workers, reason) => {
    const { source } = await staffing(workers);
    await expect(ask(source)).resolves.toEqual({ status: 'NOT_FOUND', reason });
  });

  describe('with an old and a new record of one person', () => {
    const old = { ...worker, id: 'bb22', businessTitle: 'Intern' };
    const records = (dates: Record<string, object>, inDetail = true) =>
      workday(({ path, query }) => {
        const [id, sub] = path.split('/workers')[1]?.split('/').slice(1) ?? [];
        if (id === undefined) return { body: { total: 2, data: query.get('offset') === '0' ? [old, worker] : [] } };
        const detail = id === old.id ? old : worker;
        if (sub === 'serviceDates')
          return inDetail ? { status: 404, body: {} } : { body: { total: 1, data: [dates[id]] } };
        return { body: inDetail ? { ...detail, ...dates[id] } : detail };
      }, environment);

    it.each([
      ['the other has ended', { bb22: { terminationDate: '2023-05-31' }, aa11: {} }, true],
      ['it began later', { bb22: { hireDate: '2019-01-01' }, aa11: { hireDate: '2024-01-01' } }, true],
      ['the service dates say so', { bb22: { hireDate: '2019-01-01' }, aa11: { hireDate: '2024-01-01' } }, false],
    ])('takes the current one when %s', async (_, dates, inDetail) => {
      const { source } = await records(dates, inDetail);
      await expect(ask(source)).resolves.toMatchObject({
        attributes: { workerId: 'aa11', title: 'SRE', employmentStatus: 'active' },
      });
    });

    it('leaves out what they do not agree on when no date decides', async () => {
      const { source } = await records({});
      await expect(ask(source)).resolves.toEqual({ status: 'FOUND', attributes: { employmentStatus: 'active' } });
    });

    it('is refused with a date that cannot be read', async () => {
      const { source } = await records({ aa11: { terminationDate: 'soon' } });
      expect((await failure(ask(source))).kind).toBe('bad_response');
    });
  });

  it('leaves the status out when the setting requires it, and always returns an ended one', async () => {
    const unknown = { ...environment, IRIS_WORKDAY_LISTED_STATUS: 'unknown' };
    const ended = { ...worker, terminationDate: '2026-01-31' };
    for (const [detail, status] of [
      [worker, undefined],
      [ended, 'terminated'],
    ] as const) {
      const { source } = await workday(
        (request) => ({ body: isDetail(request) ? detail : { total: 1, data: [worker] } }),
        unknown,
      );
      const result = await ask(source);
      expect(result.status === 'FOUND' && result.attributes.employmentStatus).toBe(status);
    }
  });

  it.each([
    ['fewer workers than it counts', { total: 3, data: [worker] }],
    ['an error beside the list', { total: 1, data: [worker], errors: [{ error: 'timeout' }] }],
    ['a count that is no number', { total: '1', data: [worker] }],
  ])('is refused when it sends %s', async (_, body) => {
    const { source } = await workday((request) => (isDetail(request) ? { body: worker } : { body }), environment);
    expect((await failure(ask(source))).kind).toBe('bad_response');
  });

  it('knows nothing of a stranger beside a worker that is not understood', async () => {
    const { source } = await staffing([...others, { ...worker, primaryWorkEmail: { descriptor: 'x' } }]);
    expect((await failure(ask(source))).kind).toBe('bad_response');
    await expect(ask(source, 'o7@b.c')).rejects.toMatchObject({ kind: 'bad_response' });
  });

  it('returns not found for a person who has left since the list was read', async () => {
    const { source } = await staffing([worker], { status: 404, body: { error: 'invalid ID' } });
    await expect(ask(source)).resolves.toEqual({ status: 'NOT_FOUND', reason: 'subject_not_found' });
  });

  it('is refused when it sends another worker', async () => {
    const { source } = await staffing([worker], { body: { ...worker, id: 'bb22' } });
    expect((await failure(ask(source))).kind).toBe('bad_response');
  });
});

describe('the report of everybody', () => {
  const other = { ...row, Employee_ID: '7', Work_Email: 'omar@acme.example' };
  async function readAll(...rows: unknown[]) {
    const leftOut: string[] = [];
    const { source } = await workday(() => report(...rows), { IRIS_WORKDAY_SNAPSHOT_REPORT: 'All_Workers' });
    const people: Record<string, unknown> = {};
    const call = { signal: AbortSignal.timeout(10_000), now: NOON, leftOut: (list: string) => leftOut.push(list) };
    for await (const { subject, result } of source.bulk?.(call) ?? []) {
      people[subject.principal] = result.status === 'FOUND' && result.attributes;
    }
    return { people, leftOut };
  }

  it('leaves out one row that is not understood, with its person, and reads the rest', async () => {
    const read = await readAll(row, other, { ...other, Termination_Date: 'soon' });
    expect(Object.keys(read.people)).toEqual([LOGIN]);
    expect(read.leftOut).toEqual(['workers']);
  });

  it('leaves out the person of a worker whose other row has an address in another shape', async () => {
    const read = await readAll(row, other, { ...other, Work_Email: { descriptor: 'Omar' } });
    expect(Object.keys(read.people)).toEqual([LOGIN]);
  });

  it('counts a row without an address for the worker who has one', async () => {
    const leaves = { ...row, Work_Email: null, Worker_Status: 'On Leave', On_Leave: '1', Primary_Job: '1' };
    const position = { ...row, Supervisory_Organization: 'Sales' };
    expect((await readAll(row, position)).people[LOGIN]).not.toHaveProperty('department');
    expect((await readAll(row, leaves)).people[LOGIN]).toMatchObject({ employmentStatus: 'on_leave' });
  });
});

describe('settings', () => {
  it.each([
    ['a report', { IRIS_WORKDAY_REPORT: '' }, /workday\.report/],
    ['a password', { IRIS_WORKDAY_PASSWORD: '' }, /workday\.password/],
    [
      'a refresh token',
      { IRIS_WORKDAY_AUTHORIZATION: 'oauth', IRIS_WORKDAY_CLIENT_ID: 'c', IRIS_WORKDAY_CLIENT_SECRET: 's' },
      /workday\.refreshToken/,
    ],
    ['a time zone that exists', { IRIS_WORKDAY_TIME_ZONE: 'Mars/Olympus' }, /workday\.timeZone/],
    ['a tenant that is one name', { IRIS_WORKDAY_TENANT: '../other' }, /workday\.tenant/],
  ])('need %s', async (_, environment, message) => {
    await expect(workday(() => report(), environment)).rejects.toThrow(message);
  });
});
