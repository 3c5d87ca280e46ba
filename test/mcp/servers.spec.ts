import { spawn } from 'node:child_process';
import { mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually, freePort } from '@iris/context-cache/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Client } from '@modelcontextprotocol/client';
import { sendPagerDutyWebhook } from '../../apps/enricher-pagerduty/simulated-api/pagerduty-webhook.js';
import { evidenceOf } from '../e2e/hook-client.js';
import { type Inspector, openInspector } from './inspector.js';
import { ANA, ANA_KEY, type McpMesh, openTools, startMcpMesh } from './mcp-mesh.js';
import { connect, textOf } from './sdk-client.js';
import { openSmallServer, type SmallServer, said } from './small-server.js';

const EVERYTHING = join(process.cwd(), 'node_modules/@modelcontextprotocol/server-everything/dist/index.js');
const FILESYSTEM = join(process.cwd(), 'node_modules/@modelcontextprotocol/server-filesystem/dist/index.js');
const PAGERDUTY_SECRET = 'sandbox-pagerduty-secret';
const UPSTREAM_TOKEN = 'token-of-the-gateway';

/** A catalog entry for a database that is always production: its tools are for whoever is on call. */
const ORDERS_DB = {
  id: 'orders-db',
  system: 'postgres',
  category: 'database',
  tools: { execute: ['run_query'] },
  environment: { always: 'production' },
};

let folder: string;
let database: SmallServer;
let everything: ReturnType<typeof spawn>;
let mesh: McpMesh;
let inspector: Inspector;
const clients: Client[] = [];

async function clientOf(server: string): Promise<Client> {
  const client = await connect(mesh.urlOf(server));
  clients.push(client);
  return client;
}

beforeAll(async () => {
  inspector = await openInspector();
  folder = await realpath(await mkdtemp(join(tmpdir(), 'iris-mcp-files-')));
  await writeFile(join(folder, 'note.txt'), 'text of the note');
  await writeFile(join(folder, 'token'), `${UPSTREAM_TOKEN}\n`);
  database = await openSmallServer({ run_query: () => said('rows') });
  const port = await freePort();
  const { NODE_OPTIONS: _, ...env } = process.env;
  everything = spawn(process.execPath, [EVERYTHING, 'streamableHttp'], {
    env: { ...env, PORT: String(port) },
    stdio: 'ignore',
  });
  mesh = await startMcpMesh(
    [
      {
        server: { id: 'everything', command: process.execPath, args: [EVERYTHING] },
        catalog: openTools('everything', '*'),
      },
      {
        server: { id: 'everything-http', url: `http://127.0.0.1:${port}/mcp` },
        catalog: openTools('everything-http', '*'),
      },
      { server: { id: 'filesystem', command: process.execPath, args: [FILESYSTEM, folder] } },
      {
        server: {
          id: 'orders-db',
          url: database.url,
          headers: { Authorization: { file: join(folder, 'token'), prefix: 'Bearer ' } },
        },
        catalog: ORDERS_DB,
      },
    ],
    {
      // The inspector is no client that the shipped policies sanction.
      mcpEnv: { IRIS_MODE_BY_CATEGORY: '{"documents":"observe"}' },
      enricherEnv: { pagerduty: { IRIS_PAGERDUTY_WEBHOOK_SECRETS: PAGERDUTY_SECRET } },
    },
  );
});
afterAll(async () => {
  await Promise.all(clients.map((client) => client.close().catch(() => undefined)));
  await mesh?.close();
  await inspector?.close();
  everything?.kill();
  await database?.close();
  await rm(folder, { recursive: true, force: true });
});

describe.each(['everything', 'everything-http'])('the reference server %s behind the gateway', (server) => {
  let client: Client;
  beforeAll(async () => {
    client = await clientOf(server);
  });

  it('lists and calls its tools', async () => {
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name)).toEqual(expect.arrayContaining(['echo', 'get-sum', 'get-tiny-image']));
    expect(await textOf(client, 'echo', { message: 'hello' })).toContain('hello');
    expect(await textOf(client, 'get-tiny-image')).toContain('image/png');
    const structured = await client.callTool({ name: 'get-structured-content', arguments: { location: 'Chicago' } });
    expect(structured.structuredContent).toMatchObject({ temperature: expect.any(Number) });
    expect(await textOf(client, 'get-resource-links', { count: 2 })).toContain('resource_link');
  });

  it('reports progress, and ends a call that is cancelled', async () => {
    const progress: number[] = [];
    const long = { name: 'trigger-long-running-operation', arguments: { duration: 0.4, steps: 4 } };
    await client.callTool(long, { onprogress: (each) => progress.push(each.progress) });
    expect(progress).toEqual([1, 2, 3, 4]);
    const leaving = new AbortController();
    const cancelled = client.callTool(
      { ...long, arguments: { duration: 600, steps: 600 } },
      { signal: leaving.signal },
    );
    leaving.abort();
    await expect(cancelled).rejects.toThrow();
    expect(await textOf(client, 'echo', { message: 'still here' })).toContain('still here');
  });

  it('asks the person and the model of the client', async () => {
    expect(await textOf(client, 'trigger-elicitation-request')).toContain('Ana');
    expect(await textOf(client, 'trigger-sampling-request', { prompt: 'hi' })).toContain('sampled by the client');
    await eventually(async () => expect(await textOf(client, 'get-roots-list')).toContain('root of the client'));
  });

  it('serves resources, subscriptions, prompts, completions and log levels', async () => {
    const { resources } = await client.listResources();
    const [first] = resources;
    expect((await client.readResource({ uri: first?.uri ?? '' })).contents).toHaveLength(1);
    expect((await client.listResourceTemplates()).resourceTemplates.length).toBeGreaterThan(0);
    await client.subscribeResource({ uri: first?.uri ?? '' });
    await client.unsubscribeResource({ uri: first?.uri ?? '' });
    const { prompts } = await client.listPrompts();
    expect(prompts.map(({ name }) => name)).toContain('completable-prompt');
    expect((await client.getPrompt({ name: 'simple-prompt' })).messages.length).toBeGreaterThan(0);
    const completion = await client.complete({
      ref: { type: 'ref/prompt', name: 'completable-prompt' },
      argument: { name: 'department', value: 'E' },
    });
    expect(completion.completion.values).toContain('Engineering');
    await client.setLoggingLevel('warning');
    await client.ping();
  });

  it('is driven by the inspector', async () => {
    const inspect = (...args: string[]) => inspector.run(mesh.urlOf(server), ANA_KEY, ...args);
    expect(JSON.stringify(await inspect('--method', 'tools/list'))).toContain('get-structured-content');
    const called = await inspect('--method', 'tools/call', '--tool-name', 'echo', '--tool-arg', 'message=by-cli');
    expect(JSON.stringify(called)).toContain('by-cli');
  });
});

describe('the filesystem server behind the gateway', () => {
  it('reads what it may, and is denied what no rule allows, with the message of the rule', async () => {
    const client = await clientOf('filesystem');
    expect(await textOf(client, 'read_text_file', { path: join(folder, 'note.txt') })).toContain('text of the note');
    const denied = await client.callTool({ name: 'format_disk', arguments: { path: folder } });
    expect(denied).toMatchObject({ isError: true });
    expect(JSON.stringify(denied.content)).toMatch(/not in the tool catalog.*policy_denied/);
    const records = await evidenceOf(mesh.gateway);
    const record = records.find(({ resource }) => JSON.stringify(resource).includes('read_text_file'));
    expect(record).toMatchObject({ event: 'mcp_tools_call', principal: { id: ANA }, hookKey: 'ana' });
  });
});

describe('all servers as one', () => {
  it('have their tools side by side', async () => {
    const client = await clientOf('');
    const names = (await client.listTools()).tools.map(({ name }) => name);
    expect(names).toEqual(
      expect.arrayContaining(['filesystem_read_text_file', 'everything_echo', 'orders-db_run_query']),
    );
    expect(await textOf(client, 'everything_echo', { message: 'through one path' })).toContain('through one path');
  });
});

describe('an on-call shift that ends in the middle of a session', () => {
  it('ends the use of production: the next call is denied and the tool leaves the list', async () => {
    const { company, clock } = mesh.mesh.sandbox.admin;
    const client = await clientOf('orders-db');
    const listed = async () => (await client.listTools()).tools.map(({ name }) => name);
    let changes = 0;
    client.setNotificationHandler('notifications/tools/list_changed', () => {
      changes += 1;
    });
    expect(await listed()).toEqual(['run_query']);
    expect(await textOf(client, 'run_query')).toContain('rows');
    // The gateway's own credential, never that of the person.
    expect(new Set(database.authorizations)).toEqual(new Set([`Bearer ${UPSTREAM_TOKEN}`]));

    const incident = { number: 4712, title: 'Orders', service: 'orders-db', status: 'triggered' as const };
    company.putIncident({ ...incident, urgency: 'high', assignedTo: ANA, createdAt: clock.now() });
    company.endShifts(ANA);
    const start = performance.now();
    const enricher = mesh.mesh.enrichers.find(({ vendor }) => vendor === 'pagerduty');
    const [sent] = await sendPagerDutyWebhook(company, {
      url: `${enricher?.httpUrl}/webhook`,
      secrets: [PAGERDUTY_SECRET],
      eventType: 'incident.triggered',
      incident: incident.number,
    });
    expect(sent?.status).toBe(200);
    await eventually(async () => expect(await textOf(client, 'run_query')).toContain('on-call shift'));
    const deniedMs = performance.now() - start;
    await eventually(async () => expect(await listed()).toEqual([]));
    const hiddenMs = performance.now() - start;
    await eventually(async () => expect(changes).toBeGreaterThan(0));
    process.stdout.write(
      `on-call revoked: denied after ${deniedMs.toFixed(0)} ms, hidden after ${hiddenMs.toFixed(0)} ms\n`,
    );
  });
});
