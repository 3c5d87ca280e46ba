import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Mesh, startMesh } from '../../apps/sandbox/src/mesh/mesh.js';
import { deviceOf, evidenceOf, postHook, preRequest } from './hook-client.js';

const LOGIN = 'ben@lumen.example';
const KIND = 'unrecognised:anthropic-messages:memory_recall';
const ADMITTED = 'unrecognised:anthropic-messages:weather_card';

/** Enforces; enforces and fails open; observes the category alone. */
const ENFORCING = 0;
const OPEN = 1;
const OBSERVING = 2;

let mesh: Mesh;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'iris-kinds-'));
  const catalog = join(folder, 'catalog.yaml');
  const shipped = await readFile('policies/catalog.yaml', 'utf8');
  await writeFile(catalog, shipped.replace('recognised: []', `recognised:\n  - "${ADMITTED}"`));
  mesh = await startMesh({
    root: process.cwd(),
    gateways: 3,
    gatewayEnv: (index) => ({
      IRIS_CATALOG_FILE: catalog,
      IRIS_HOOK_BUDGET_MS: '20000',
      ...(index === OPEN ? { IRIS_FAILURE_PRE_REQUEST: 'open' } : {}),
      ...(index === OBSERVING ? { IRIS_MODE_BY_CATEGORY: '{"unrecognised":"observe"}' } : {}),
    }),
  });
});
afterAll(async () => {
  await mesh?.close();
  await rm(folder, { recursive: true, force: true });
});

/** A hook of an engineer with this body. */
async function send(body: object, gateway = ENFORCING, login = LOGIN) {
  const hook = preRequest({ login, tool: 'Read', input: { file_path: '/x' }, nodeId: deviceOf(mesh, login) });
  return (await postHook(mesh.gateways[gateway], { ...hook, request_body: { max_tokens: 1, ...body } })).body;
}

const withBlock = (type: string) => ({ messages: [{ role: 'user', content: [{ type, data: 'x' }] }] });

describe('a kind of content that its format does not list', () => {
  it('is denied with its name and the line of the catalog that admits it', async () => {
    const reply = await send(withBlock('memory_recall'));
    expect(reply).toMatchObject({ action: 'block', status_code: 403 });
    expect(reply.message).toContain(`below recognised: in policies/catalog.yaml:   - "${KIND}"`);
    expect(reply.message).toContain('unrecognised-kind');
  });

  it('passes undisturbed when the catalog admits it', async () => {
    expect(await send(withBlock('weather_card'))).toEqual({ action: 'allow' });
  });

  it('can be observed while all else is enforced, and is in evidence', async () => {
    expect(await send(withBlock('memory_recall'), OBSERVING)).toEqual({ action: 'allow' });
    const records = await evidenceOf(mesh.gateways[OBSERVING]);
    expect(records.find(({ action }) => action === KIND)).toMatchObject({
      effect: 'DENY',
      enforced: false,
      mode: 'observe',
      wouldHave: 'block',
    });
    expect(await send({ messages: {} }, OBSERVING)).toMatchObject({ action: 'block' });
  });

  it('is removed from the tools that a request offers', async () => {
    const tools = [
      { type: 'web_search_20990101', name: 'web_search' },
      { name: 'Read', input_schema: { type: 'object' } },
    ];
    const reply = await send({ tools, messages: [{ role: 'user', content: 'hi' }] });
    expect(reply).toMatchObject({ action: 'modify', request_body: { tools: [{ name: 'Read' }] } });
  });
});

describe('a shape that cannot be named', () => {
  it.each([ENFORCING, OPEN])('blocks with its path in either failure mode', async (gateway) => {
    const reply = await send({ messages: [{ role: 'user', content: { type: 'tool_result', content: 'x' } }] }, gateway);
    expect(reply).toMatchObject({ action: 'block' });
    expect(reply.message).toContain('messages[0].content: a list is expected');
    expect(reply.message).toContain('body_unreadable');
  });
});

describe('a call that runs with the request', () => {
  it('is judged as requested, and blocks', async () => {
    const messages = [
      { role: 'user', content: 'go' },
      {
        role: 'assistant',
        content: [{ type: 'server_tool_use', id: 's', name: 'web_fetch', input: { url: 'https://paste.example' } }],
      },
    ];
    expect(await send({ messages }, ENFORCING, 'ivo@lumen.example')).toMatchObject({ action: 'block' });
    expect(await send({ messages })).toEqual({ action: 'allow' });
  });
});

describe('a top-level field that its format does not list', () => {
  it('blocks nothing, and is in evidence', async () => {
    const hook = { live_search: { mode: 'on' }, messages: [{ role: 'user', content: 'hi' }] };
    expect(await send(hook)).toEqual({ action: 'allow' });
    const records = await evidenceOf(mesh.gateways[ENFORCING]);
    expect(records.some(({ unknownFields }) => unknownFields?.includes('live_search'))).toBe(true);
  });
});
