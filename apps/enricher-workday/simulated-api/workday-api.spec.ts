import { startSimulatedApi } from '@iris/simulation';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { simulatedApi } from './index.js';

type Running = Awaited<ReturnType<typeof startSimulatedApi<Awaited<ReturnType<typeof simulatedApi.credentials>>>>>;

type Entry = Record<string, unknown>;

describe('the simulated Workday API', () => {
  let api: Running;
  const basic = (user: string, password: string) => `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
  const isu = () => basic(api.credentials.user, api.credentials.password);
  const get = (path: string, authorization: string) => fetch(`${api.url}${path}`, { headers: { authorization } });
  const report = async (name: string, query = ''): Promise<Entry[]> => {
    const reply = await get(`/ccx/service/customreport2/lumen/ISU_Iris/${name}?format=json${query}`, isu());
    expect(reply.status).toBe(200);
    return ((await reply.json()) as { Report_Entry: Entry[] }).Report_Entry;
  };
  const grant = (form: Record<string, string>, secret = api.credentials.clientSecret) =>
    fetch(`${api.url}/ccx/oauth2/lumen/token`, {
      method: 'POST',
      body: new URLSearchParams(form),
      headers: { authorization: basic(api.credentials.clientId, secret) },
    });
  const token = async () => {
    const { refreshToken } = api.credentials;
    const reply = await grant({ grant_type: 'refresh_token', refresh_token: refreshToken });
    return `Bearer ${((await reply.json()) as { access_token: string }).access_token}`;
  };

  beforeAll(async () => {
    api = await startSimulatedApi(simulatedApi, { people: 150 });
  });
  afterAll(() => api.close());
  afterEach(() => api.reset());

  it('reports the whole population, those who left and those on leave too', async () => {
    const entries = await report('Iris_Workers');
    expect(entries).toHaveLength(150);
    const of = (email: string) => entries.filter((entry) => entry.Work_Email === email);
    expect(of('ivo@lumen.example')).toMatchObject([{ Worker_Status: 'Terminated', Active: '0' }]);
    expect(of('hana@lumen.example')).toMatchObject([{ Worker_Status: 'On Leave', Active: '1', On_Leave: '1' }]);
    expect(of('rhea@lumen.example').map((entry) => entry.Worker_Type)).toEqual(['Contingent Worker', 'Employee']);
    expect(entries.filter((entry) => !entry.Work_Email).map((entry) => entry.Display_Name)).toEqual(['Vik Varga']);
  });

  it('has three forms of "empty"', async () => {
    const ends = (await report('Iris_Workers')).map((entry) =>
      'Termination_Date' in entry ? entry.Termination_Date : 'no key',
    );
    expect(ends).toEqual(expect.arrayContaining([null, '', 'no key']));
  });

  it('reports one person by the prompt, and ignores the prompt in the other report', async () => {
    expect(await report('Iris_Worker_By_Email', '&Work_Email=ANA@lumen.example')).toMatchObject([
      {
        Employee_ID: '10001',
        Manager_Work_Email: 'kai@lumen.example',
        Worker_s_Manager_group: [{ Manager_ID: '10011' }],
      },
    ]);
    expect(await report('Iris_Worker_By_Email', '&Work_Email=nobody@lumen.example')).toEqual([]);
    expect(await report('Iris_Workers', '&Work_Email=ana@lumen.example')).toHaveLength(150);
  });

  it('follows changes of the company', async () => {
    const { company } = api;
    company.updatePerson('ana@lumen.example', {
      hr: { employmentStatus: 'terminated', terminationDate: '2026-11-30' },
    });
    expect(await report('Iris_Worker_By_Email', '&Work_Email=ana@lumen.example')).toMatchObject([
      { Worker_Status: 'Terminated', Termination_Date: '2026-11-30' },
    ]);
  });

  it('gives XML for faults and unless JSON is asked for', async () => {
    const path = '/ccx/service/customreport2/lumen/ISU_Iris';
    const xml = await get(`${path}/Iris_Workers`, isu());
    expect(xml.headers.get('content-type')).toContain('text/xml');
    expect(await xml.text()).toContain('<wd:Employee_ID>10001</wd:Employee_ID>');
    const faults = [
      [await get(`${path}/No_Such?format=json`, isu()), 404],
      [await get(`${path}/Iris_Worker_By_Email?format=json`, isu()), 500],
      [await get(`${path}/Iris_Workers?format=json`, basic('ISU_Iris', 'wrong')), 401],
    ] as const;
    for (const [reply, status] of faults) {
      expect(reply.status).toBe(status);
      expect(reply.headers.get('content-type')).toContain('text/xml');
    }
  });

  it('gives access tokens for the refresh token only', async () => {
    expect((await grant({ grant_type: 'refresh_token', refresh_token: 'wrong' })).status).toBe(400);
    expect((await grant({ grant_type: 'client_credentials' })).status).toBe(400);
    expect((await grant({ grant_type: 'refresh_token' }, 'wrong')).status).toBe(401);
    const path = '/ccx/service/customreport2/lumen/ISU_Iris/Iris_Workers?format=json';
    expect((await get(path, await token())).status).toBe(200);
  });

  it('lists those who have not left by total and offset, and needs a token', async () => {
    const authorization = await token();
    const path = '/ccx/api/staffing/v6/lumen/workers';
    const ids = new Set<unknown>();
    let total = 0;
    for (let offset = 0; offset === 0 || offset < total; offset += 100) {
      const page = (await (await get(`${path}?limit=100&offset=${offset}`, authorization)).json()) as {
        total: number;
        data: Entry[];
      };
      total = page.total;
      for (const worker of page.data) ids.add(worker.id);
    }
    expect(ids.size).toBe(total);
    expect(total).toBeLessThan(150);
    expect((await get(`${path}?limit=101`, authorization)).status).toBe(400);
    expect((await get(path, isu())).status).toBe(401);
  });

  it('searches names by their beginning and returns a single worker', async () => {
    const authorization = await token();
    const path = '/ccx/api/staffing/v7/lumen/workers';
    const search = async (text: string) => get(`${path}?search=${text}`, authorization);
    const found = (await (await search('alme')).json()) as { total: number; data: Entry[] };
    expect(found).toMatchObject({
      total: 1,
      data: [{ descriptor: 'Ana Almeida', primaryWorkEmail: 'ana@lumen.example' }],
    });
    expect((await search('al')).status).toBe(400);
    expect(await (await search('ana@lumen.example')).json()).toMatchObject({ total: 0 });
    expect(await (await search('Ivanov')).json()).toMatchObject({ total: 0 });
    const detail = await get(`${path}/${found.data[0]?.id}`, authorization);
    expect(await detail.json()).toMatchObject({
      location: { descriptor: 'Lisbon' },
      yearsOfService: expect.any(String),
    });
    const [vik] = ((await (await search('varga')).json()) as { data: Entry[] }).data;
    expect(vik).not.toHaveProperty('primaryWorkEmail');
    expect((await get(`${path}/00000000000000000000000000000000`, authorization)).status).toBe(404);
  });

  it('refuses more than ten requests a second and returns when to retry', async () => {
    const replies = await Promise.all(
      Array.from({ length: 25 }, () => get('/ccx/service/customreport2/lumen/ISU_Iris/No_Such', isu())),
    );
    const refused = replies.filter((reply) => reply.status === 429);
    expect(refused.length).toBeGreaterThan(0);
    expect(refused[0]?.headers.get('retry-after')).toBe('1');
  });
});
