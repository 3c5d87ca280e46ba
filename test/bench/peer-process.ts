import { open } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { GRPC } from '@cerbos/grpc';
import type { JsonObject } from '@iris/contracts';
import { pino } from 'pino';
import { WORKER_BY_EMAIL_REPORT } from '../../apps/enricher-workday/simulated-api/workday-api.js';
import type { Sandbox } from '../../apps/sandbox/src/sandbox.js';

/** What the process is told at its start. */
export interface PeerOrder {
  readonly target: string;
  readonly urls: Sandbox['urls'];
  readonly credentials: Sandbox['credentials'];
  /** One vendor after another, or all at once. */
  readonly vendors: 'in_turn' | 'at_once';
  /** For how long each vendor's answer is kept in memory, in s. */
  readonly freshSeconds: Readonly<Record<string, number>>;
  /** File to which each decision is written before the reply, beside a log line; absent: nothing is recorded. */
  readonly recordTo?: string;
}

interface Hook {
  readonly metadata: { readonly login_name: string; readonly stable_node_id: string };
  readonly request_body: { readonly messages: readonly { readonly content: string | readonly Block[] }[] };
}

interface Block {
  readonly type: string;
  readonly id: string;
  readonly name: string;
  readonly input: JsonObject;
}

/** The address once the server accepts connections; then, for each 'calls', the calls to vendors so far, by vendor. */
export type PeerAnswer = { readonly url: string } | { readonly calls: Readonly<Record<string, number>> };

// The middleware that a team would write in a day: ask the vendors, keep the answers in memory, ask the PDP.
const calls: Record<string, number> = {};

/** How often the file of decisions is forced onto the disk, in ms: the gateway's default. */
const FSYNC_MS = 200;

type Recorder = (decision: JsonObject) => Promise<void>;

/** Appends each decision to the file before it returns, forces the file onto the disk in groups, and logs a line. */
async function recorder(path: string): Promise<Recorder> {
  const file = await open(path, 'a');
  const logger = pino();
  let written = false;
  setInterval(() => {
    if (written) void file.sync();
    written = false;
  }, FSYNC_MS).unref();
  return async (decision) => {
    await file.appendFile(`${JSON.stringify({ time: new Date().toISOString(), ...decision })}\n`);
    written = true;
    const { login, action, calls: decided } = decision;
    logger.info({ login, action, calls: (decided as JsonObject[]).length }, 'decided');
  };
}

async function start(order: PeerOrder): Promise<void> {
  const { urls, credentials } = order;
  const cerbos = new GRPC(order.target, { tls: false });
  const cache = new Map<string, { readonly facts: JsonObject; readonly endsAt: number }>();
  const record = order.recordTo === undefined ? undefined : await recorder(order.recordTo);
  let token: Promise<string> | undefined;

  async function get(vendor: keyof Sandbox['urls'], path: string, authorization: string): Promise<JsonObject> {
    calls[vendor] = (calls[vendor] ?? 0) + 1;
    const response = await fetch(`${urls[vendor]}${path}`, { headers: { authorization, accept: 'application/json' } });
    if (!response.ok) throw new Error(`${vendor} answered ${response.status}`);
    return response.json() as Promise<JsonObject>;
  }
  const basic = (user: string, password: string) => `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
  const first = (list: unknown) => (Array.isArray(list) ? (list[0] as JsonObject | undefined) : undefined);

  async function tailscaleToken(): Promise<string> {
    calls.tailscale = (calls.tailscale ?? 0) + 1;
    const { clientId, clientSecret } = credentials.tailscale;
    const response = await fetch(`${urls.tailscale}/api/v2/oauth/token`, {
      method: 'POST',
      body: new URLSearchParams({ client_id: clientId, client_secret: clientSecret, grant_type: 'client_credentials' }),
    });
    return ((await response.json()) as { access_token: string }).access_token;
  }

  const vendors: Readonly<Record<string, (login: string, nodeId: string) => Promise<JsonObject>>> = {
    okta: async (login) => {
      const key = `SSWS ${credentials.okta.token}`;
      const user = await get('okta', `/api/v1/users/${encodeURIComponent(login)}`, key);
      const groups = await get('okta', `/api/v1/users/${user.id}/groups`, key);
      return {
        ...(user.profile as JsonObject),
        groups: (groups as unknown as JsonObject[]).map(({ profile }) => (profile as JsonObject).name ?? ''),
      };
    },
    workday: async (login) => {
      const { tenant, user, password } = credentials.workday;
      const path = `/ccx/service/customreport2/${tenant}/${user}/${WORKER_BY_EMAIL_REPORT}?format=json&Work_Email=${encodeURIComponent(login)}`;
      return first((await get('workday', path, basic(user, password))).Report_Entry) ?? {};
    },
    servicenow: async (login) => {
      const key = basic(credentials.servicenow.user, credentials.servicenow.password);
      const table = (name: string, query: string) =>
        get('servicenow', `/api/now/table/${name}?sysparm_limit=100&sysparm_query=${encodeURIComponent(query)}`, key);
      const user = first((await table('sys_user', `email=${login}^active=true`)).result) ?? {};
      const groups = await table('sys_user_grmember', `user=${user.sys_id}`);
      return { ...user, groups: (groups.result as JsonObject[]).length };
    },
    pagerduty: async (login): Promise<JsonObject> => {
      const key = `Token token=${credentials.pagerduty.token}`;
      const found = await get('pagerduty', `/users?query=${encodeURIComponent(login)}&limit=100`, key);
      const user = first(found.users);
      if (user === undefined) return {};
      const onCalls = await get('pagerduty', `/oncalls?limit=100&user_ids[]=${user.id}`, key);
      return { id: user.id ?? '', onCall: (onCalls.oncalls as JsonObject[]).length > 0 };
    },
    tailscale: async (_login, nodeId) => {
      token ??= tailscaleToken();
      const key = `Bearer ${await token}`;
      const device = await get('tailscale', `/api/v2/device/${nodeId}`, key);
      const posture = await get('tailscale', `/api/v2/device/${nodeId}/attributes`, key);
      return { os: device.os ?? '', ...(posture.attributes as JsonObject) };
    },
  };

  async function factsOf(vendor: string, login: string, nodeId: string): Promise<[string, JsonObject]> {
    const key = `${vendor} ${login}`;
    const held = cache.get(key);
    if (held !== undefined && held.endsAt > Date.now()) return [vendor, held.facts];
    const facts = (await vendors[vendor]?.(login, nodeId).catch(() => undefined)) ?? {};
    cache.set(key, { facts, endsAt: Date.now() + (order.freshSeconds[vendor] ?? 0) * 1000 });
    return [vendor, facts];
  }

  async function enrich(login: string, nodeId: string): Promise<JsonObject> {
    const names = Object.keys(vendors);
    if (order.vendors === 'at_once') {
      return Object.fromEntries(await Promise.all(names.map((name) => factsOf(name, login, nodeId))));
    }
    const facts: JsonObject = {};
    for (const name of names) facts[name] = (await factsOf(name, login, nodeId))[1];
    return facts;
  }

  async function answer(text: string): Promise<unknown> {
    const { metadata, request_body: body } = JSON.parse(text) as Hook;
    const blocks = body.messages.flatMap(({ content }) => (Array.isArray(content) ? content : []));
    const toolCalls = blocks.filter(({ type }) => type === 'tool_use');
    const attr = await enrich(metadata.login_name, metadata.stable_node_id);
    const decision = await cerbos.checkResources({
      includeMetadata: record !== undefined,
      principal: { id: metadata.login_name, roles: ['user'], attr },
      resources: toolCalls.map(({ id, name, input }) => ({
        resource: { kind: 'aperture_hook', id, attr: { tool: { name }, params: input } },
        actions: [name],
      })),
    });
    const action = decision.results.every((result) => result.allAllowed()) ? 'allow' : 'block';
    await record?.({
      login: metadata.login_name,
      attr,
      calls: toolCalls.map(({ id, name, input }) => ({
        id,
        name,
        input,
        allowed: decision.isAllowed({ resource: { kind: 'aperture_hook', id }, action: name }) ?? false,
      })),
      policies: decision.results.map(({ resource, metadata: made }) => ({
        id: resource.id,
        made: (made ?? {}) as JsonObject,
      })),
      action,
    });
    return { action };
  }

  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      answer(Buffer.concat(chunks).toString())
        .catch(() => ({ action: 'block' }))
        .then((reply) => response.setHeader('content-type', 'application/json').end(JSON.stringify(reply)));
    });
  });
  server.listen(0, '127.0.0.1', () => {
    process.send?.({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` } satisfies PeerAnswer);
  });
}

process.on('message', (message: PeerOrder | 'calls') => {
  if (message === 'calls') process.send?.({ calls } satisfies PeerAnswer);
  else void start(message);
});
process.once('disconnect', () => process.exit(0));
