import { readFileSync } from 'node:fs';
import { eventually } from '@iris/context-cache/testing';
import { failure, type ReceivedRequest, type ScriptedAnswer, scriptedSources } from '@iris/enricher-kit/testing';
import { afterEach, describe, expect, it } from '@jest/globals';
import { definition } from '../src/definition.js';

const fixture = (name: string) => JSON.parse(readFileSync(new URL(`./fixtures/${name}.json`, import.meta.url), 'utf8'));
const NODE = fixture('device').nodeId;
const NOON = Date.parse('2026-11-16T12:00:00Z');

const sources = scriptedSources(definition, (url) => ({
  IRIS_TAILSCALE_URL: `${url}/api/v2`,
  IRIS_TAILSCALE_AUTHORIZATION: 'api_key',
  IRIS_TAILSCALE_API_KEY: 'tskey-api-secret',
}));
afterEach(() => sources.close());
const tailscale = sources.start;

const ordinary = ({ path }: ReceivedRequest): ScriptedAnswer => ({
  body: path.endsWith('/attributes') ? fixture('attributes') : fixture('device'),
});

type Source = ReturnType<typeof definition.create>;

function ask(source: Source, nodeId: string | undefined = NODE) {
  return source.lookup({ principal: 'p', nodeId }, { signal: AbortSignal.timeout(5000), now: NOON });
}

describe('lookup', () => {
  it('reads the device with all fields, its attributes, and ends with the first expiry', async () => {
    const { server, source } = await tailscale(ordinary);
    await expect(ask(source)).resolves.toMatchObject({
      status: 'FOUND',
      attributes: { device: { id: NODE, managed: true } },
      endsAt: Date.parse('2026-11-16T13:00:00Z'),
    });
    expect(server.requests.map(({ path }) => path).sort()).toEqual([
      `/api/v2/device/${NODE}`,
      `/api/v2/device/${NODE}/attributes`,
    ]);
    expect(server.requests.find(({ path }) => path.endsWith(NODE))?.query.get('fields')).toBe('all');
    expect(server.requests[0]?.headers.authorization).toBe('Bearer tskey-api-secret');
  });

  it.each([undefined, '', '.', '..', 'n5SUKe8/../../tailnet', 'n5SUKe8CNTRL?x', '92960230385', `n${'x'.repeat(600)}`])(
    'sends nothing for the node %j',
    async (nodeId) => {
      const { server, source } = await tailscale(ordinary);
      const result = source.lookup({ principal: 'p', nodeId }, { signal: AbortSignal.timeout(5000), now: NOON });
      await expect(result).resolves.toEqual({ status: 'NOT_FOUND', reason: 'subject_invalid' });
      expect(server.requests).toEqual([]);
    },
  );

  it('knows no device that was deleted', async () => {
    const { source } = await tailscale(() => ({ status: 404, body: { message: 'no such device' } }));
    await expect(ask(source)).resolves.toEqual({ status: 'NOT_FOUND', reason: 'subject_not_found' });
  });

  it('knows the device but neither posture nor management when it has no attributes', async () => {
    const { source } = await tailscale((request) =>
      request.path.endsWith('/attributes') ? { status: 404, body: { message: 'not found' } } : ordinary(request),
    );
    const result = await ask(source);
    const device = result.status === 'FOUND' ? result.attributes.device : undefined;
    expect(device).toEqual(expect.not.objectContaining({ posture: expect.anything() }));
    expect(device).toEqual(expect.not.objectContaining({ managed: expect.anything() }));
  });

  it('uses the configured rule', async () => {
    const environment = { IRIS_TAILSCALE_MANAGED_WHEN: 'custom:tier=1' };
    const { source } = await tailscale(ordinary, environment);
    await expect(ask(source)).resolves.toMatchObject({ attributes: { device: { managed: false } } });
    await expect(tailscale(ordinary, { IRIS_TAILSCALE_MANAGED_WHEN: 'custom:tier' })).rejects.toThrow(/managedWhen/);
  });

  it.each([
    ['another device', '', { ...fixture('device'), nodeId: 'nOtherCNTRL' }],
    ['no device', '', { message: 'hello' }],
    ['null for the attributes', '/attributes', null],
    ['a list for the attributes', '/attributes', { attributes: [] }],
  ])('refuses %s', async (_, suffix, body) => {
    const { source } = await tailscale((request) =>
      request.path.endsWith(`${NODE}${suffix}`) ? { body: body ?? 'null', headers: JSON_TYPE } : ordinary(request),
    );
    expect((await failure(ask(source))).kind).toBe('bad_response');
  });

  it.each([
    [401, { message: 'API token invalid' }, 'unauthorized'],
    [403, { message: 'forbidden' }, 'unauthorized'],
    [429, { message: 'too many requests' }, 'rate_limited'],
    [500, { message: 'internal' }, 'unavailable'],
    [504, '<html></html>', 'unavailable'],
    [200, '<html></html>', 'bad_response'],
  ])('takes a %i with %j as %s', async (status, body, kind) => {
    const { source } = await tailscale(() => ({ status, body }));
    const error = await failure(ask(source));
    expect(error.kind).toBe(kind);
    expect(error.message).not.toContain('tskey');
  });

  it('ends with its own time limit', async () => {
    const { source } = await tailscale(() => undefined, { IRIS_TAILSCALE_REQUEST_TIMEOUT_MS: '50' });
    expect((await failure(ask(source))).kind).toBe('timeout');
  });
});

const JSON_TYPE = { 'content-type': 'application/json' };

describe('signing in as an OAuth client', () => {
  it('gets one token for both requests, and another when it is refused', async () => {
    let issued = 0;
    const { server, source } = await tailscale(
      (request) => {
        if (request.path === '/api/v2/oauth/token') {
          issued += 1;
          return { body: { access_token: `t${issued}`, token_type: 'Bearer', expires_in: 3600 } };
        }
        const ended = server.requests.length > 3 && request.headers.authorization === 'Bearer t1';
        return ended ? { status: 401, body: { message: 'API token invalid' } } : ordinary(request);
      },
      {
        IRIS_TAILSCALE_AUTHORIZATION: 'oauth',
        IRIS_TAILSCALE_CLIENT_ID: 'client',
        IRIS_TAILSCALE_CLIENT_SECRET: 'tskey-client-secret',
      },
    );
    await expect(ask(source)).resolves.toMatchObject({ status: 'FOUND' });
    expect(issued).toBe(1);
    await expect(ask(source)).resolves.toMatchObject({ status: 'FOUND' });
    expect(issued).toBe(2);
  });

  it('does not start without a client', async () => {
    await expect(tailscale(ordinary, { IRIS_TAILSCALE_AUTHORIZATION: 'oauth' })).rejects.toThrow(/tailscale\.clientId/);
  });
});

describe('the list of devices', () => {
  it('comes whole, and may take longer than a lookup', async () => {
    const limit = { IRIS_TAILSCALE_REQUEST_TIMEOUT_MS: '200' };
    const { source } = await tailscale(({ path }) => {
      if (path.endsWith('/attributes')) return { body: fixture('attributes') };
      return { body: path.endsWith('/devices') ? { devices: [fixture('device')] } : fixture('device'), delayMs: 1000 };
    }, limit);
    const items = [];
    const call = { signal: AbortSignal.timeout(10_000), now: NOON };
    for await (const item of source.bulk?.(call) ?? []) items.push(item);
    expect(items).toHaveLength(1);
    expect((await failure(ask(source))).kind).toBe('timeout');
  });
});

describe('the directory', () => {
  const nodes = Array.from({ length: 20 }, (_, index) => `nDevice${index}CNTRL`);
  const device = (nodeId: string) => ({ ...fixture('device'), nodeId });
  /** Answers about all nodes but those that are deleted. */
  const tailnet =
    (deleted: ReadonlySet<string> = new Set()) =>
    ({ path }: ReceivedRequest): ScriptedAnswer => {
      if (path.endsWith('/devices')) return { body: { devices: nodes.map(device) } };
      const nodeId = path.split('/')[4] ?? '';
      if (deleted.has(nodeId)) return { status: 404, body: { message: 'no such device' } };
      return { body: path.endsWith('/attributes') ? fixture('attributes') : device(nodeId) };
    };
  const find = (source: Source, nodeId: string, now: number, notBefore?: number) =>
    source.lookup({ principal: 'p', nodeId }, { signal: AbortSignal.timeout(5000), now, notBefore });
  /** A source that has read the list, beside as many lookups as make it worthwhile. */
  async function warm(deleted?: ReadonlySet<string>) {
    const { server, source } = await tailscale(tailnet(deleted));
    for (const nodeId of nodes.slice(0, 12)) await find(source, nodeId, NOON);
    await eventually(async () => {
      const before = server.requests.length;
      await find(source, nodes[0] ?? '', NOON);
      expect(server.requests.length - before).toBe(1);
    });
    const since = server.requests.length;
    return { source, asked: () => server.requests.slice(since).map(({ path }) => path.slice('/api/v2/'.length)) };
  }

  it('leaves one request for a device and reading', async () => {
    const { source, asked } = await warm();
    const result = await find(source, 'nDevice19CNTRL', NOON + 60_000);
    expect(result).toMatchObject({ attributes: { device: { id: 'nDevice19CNTRL', managed: true } }, readAt: NOON });
    expect(asked()).toEqual(['device/nDevice19CNTRL/attributes']);
  });

  it('is not used beyond its age, before what the caller asks for, or for a device that is not on it', async () => {
    const { source, asked } = await warm();
    await find(source, 'nDevice19CNTRL', NOON + 300_001);
    await find(source, 'nDevice18CNTRL', NOON, NOON + 1);
    await find(source, 'nStrangerCNTRL', NOON);
    expect(asked().sort()).toEqual(
      ['nDevice18CNTRL', 'nDevice19CNTRL', 'nStrangerCNTRL'].flatMap((id) => [
        `device/${id}`,
        `device/${id}/attributes`,
      ]),
    );
  });

  it('does not know a device that was deleted since', async () => {
    const { source } = await warm(new Set(['nDevice19CNTRL']));
    await expect(find(source, 'nDevice19CNTRL', NOON)).resolves.toMatchObject({ reason: 'subject_not_found' });
  });

  it('leaves lookups to themselves when it cannot be read', async () => {
    const { source } = await tailscale((request) =>
      request.path.endsWith('/devices') ? { status: 500, body: {} } : tailnet()(request),
    );
    for (const nodeId of nodes) await expect(find(source, nodeId, NOON)).resolves.toMatchObject({ status: 'FOUND' });
  });
});

describe('a bulk read', () => {
  const device = (nodeId: string, changes: object) => ({ ...fixture('device'), nodeId, ...changes });
  const lastSeen = '2026-11-01T00:00:00Z';

  it('leaves out a row that is not understood and devices that are not in use, those asked about first', async () => {
    const leftOut: unknown[] = [];
    const devices = [
      device('nIdleCNTRL', { connectedToControl: false, lastSeen }),
      device('nSecondCNTRL', { connectedToControl: true }),
      device('nFirstCNTRL', { connectedToControl: true }),
      { nodeId: 'nOddCNTRL', tags: 'tag:ci' },
    ];
    const { source } = await tailscale(({ path }) => {
      if (path.endsWith('/devices')) return { body: { devices } };
      return { body: path.endsWith('/attributes') ? fixture('attributes') : devices[2] };
    });
    await ask(source, 'nFirstCNTRL');
    const call = {
      signal: AbortSignal.timeout(5000),
      now: NOON,
      leftOut: (...row: unknown[]) => void leftOut.push(row),
    };
    const items = [];
    for await (const { subject } of source.bulk?.(call) ?? []) items.push(subject.nodeId);
    expect(items).toEqual(['nFirstCNTRL', 'nSecondCNTRL']);
    expect(leftOut).toEqual([['devices', 'nOddCNTRL']]);
  });
});
