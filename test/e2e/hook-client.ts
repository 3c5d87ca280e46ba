import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { EvidenceRecord } from '@iris/evidence';
import { type Gateway, HOOK_KEY, type Mesh } from '../../apps/sandbox/src/mesh/mesh.js';

/** A tool call as a test describes it. */
export interface TestCall {
  readonly login: string;
  readonly tool: string;
  readonly input: Readonly<Record<string, unknown>>;
  readonly client?: string;
  readonly nodeId?: string;
  /** Calls that come before it in the same session. */
  readonly before?: readonly Pick<TestCall, 'tool' | 'input'>[];
}

export interface Reply {
  readonly status: number;
  readonly body: Record<string, unknown>;
  readonly ms: number;
}

/** Result of an earlier call; a command that continues in the background returns its id. */
const EARLIER = 'Command running in background with ID: bash_1';

let count = 0;

/** A pre_request whose history holds the call and its result, in a session of its own. */
export function preRequest(call: TestCall): Record<string, unknown> {
  count += 1;
  const id = `toolu_${count}`;
  const earlier = (call.before ?? []).flatMap(({ tool, input }, index) => [
    { role: 'assistant', content: [{ type: 'tool_use', id: `${id}_${index}`, name: tool, input }] },
    { role: 'user', content: [{ type: 'tool_result', tool_use_id: `${id}_${index}`, content: EARLIER }] },
  ]);
  return {
    metadata: {
      login_name: call.login,
      user_agent: call.client ?? 'claude-cli/2.1.278 (external, cli)',
      url: '/v1/messages',
      model: 'claude-sonnet-5',
      provider: 'anthropic',
      stable_node_id: call.nodeId ?? '',
      request_id: `req_${process.pid}_${count}`,
      session_id: `sess_${process.pid}_${count}`,
    },
    request_body: {
      model: 'claude-sonnet-5',
      max_tokens: 100,
      tools: [{ name: call.tool, input_schema: { type: 'object' } }],
      messages: [
        { role: 'user', content: 'go on' },
        ...earlier,
        { role: 'assistant', content: [{ type: 'tool_use', id, name: call.tool, input: call.input }] },
        { role: 'user', content: [{ type: 'tool_result', tool_use_id: id, content: 'RESULT' }] },
      ],
    },
  };
}

/** Posts a hook as Aperture does. */
export async function postHook(
  gateway: Pick<Gateway, 'url'> | undefined,
  body: unknown,
  options: { readonly path?: string; readonly headers?: Readonly<Record<string, string>> } = {},
): Promise<Reply> {
  const start = performance.now();
  const response = await fetch(`${gateway?.url}${options.path ?? '/ext/aperture/pre_request'}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${HOOK_KEY}`, 'content-type': 'application/json', ...options.headers },
    body: typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body),
  });
  const text = await response.text();
  return { status: response.status, body: JSON.parse(text), ms: performance.now() - start };
}

/** What became of the one call of a hook: its result passed, was withheld, or the whole request was blocked. */
export function fateOf(reply: Reply): 'passed' | 'withheld' | 'blocked' {
  if (reply.body.action === 'allow') return 'passed';
  if (reply.body.action === 'block') return 'blocked';
  return JSON.stringify(reply.body).includes('RESULT') ? 'passed' : 'withheld';
}

/** Sends one call and reports its fate. */
export async function ask(mesh: Mesh, call: TestCall, gateway = 0): Promise<ReturnType<typeof fateOf>> {
  const reply = await postHook(mesh.gateways[gateway], preRequest(call));
  if (reply.status !== 200) throw new Error(`a hook was answered ${reply.status}`);
  return fateOf(reply);
}

/** The stable node id of a person's own device. */
export function deviceOf(mesh: Mesh, login: string): string {
  const device = mesh.sandbox.admin.company.devices.find(({ user, tags }) => user === login && tags.length === 0);
  if (device === undefined) throw new Error(`${login} has no device`);
  return device.nodeId;
}

/** Lines between the records, which sign their chain. */
const CHAIN_HEAD = 'iris.evidence.head.v1';

/** What was read of each file of a spool; files only grow. */
const spooled = new Map<string, { bytes: number; records: EvidenceRecord[] }>();

/** All evidence that a gateway has spooled. Only what is new since the last call is read. */
export async function evidenceOf(gateway: Gateway | undefined): Promise<EvidenceRecord[]> {
  const directory = gateway?.evidenceDirectory ?? '';
  const files = (await readdir(directory, { recursive: true })).filter((name) => name.endsWith('.jsonl')).sort();
  return (await Promise.all(files.map((name) => recordsIn(join(directory, name))))).flat();
}

async function recordsIn(file: string): Promise<EvidenceRecord[]> {
  const known = spooled.get(file) ?? { bytes: 0, records: [] };
  spooled.set(file, known);
  const text = await restOf(file, known.bytes);
  // A line that is being written is read with the next call.
  const whole = text.subarray(0, text.lastIndexOf('\n') + 1);
  const lines = whole.toString('utf8').split('\n').filter(Boolean);
  const records = lines.map((line) => JSON.parse(line) as EvidenceRecord | { readonly schema: typeof CHAIN_HEAD });
  known.records = [...known.records, ...records.filter((line) => line.schema !== CHAIN_HEAD)];
  known.bytes += whole.length;
  return known.records;
}

async function restOf(file: string, from: number): Promise<Buffer> {
  const handle = await open(file);
  try {
    const { size } = await handle.stat();
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(Math.max(0, size - from)), { position: from });
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}

export const PRODUCTION = { connection_string: 'postgres://iris@orders-prod.db.lumen.example/orders', sql: 'select 1' };
export const STAGING = { connection_string: 'postgres://iris@orders-staging.db.lumen.example/orders', sql: 'select 1' };
