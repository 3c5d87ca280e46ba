import { readdirSync, readFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { eventually } from '@iris/context-cache/testing';
import { guardrailResponseSchema } from '@iris/contracts';
import { type EvidenceRecord, evidenceRecordSchema } from '@iris/evidence';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { type Gateway, HOOK_KEY, type Mesh, startMesh } from '../../apps/sandbox/src/mesh/mesh.js';
import { evidenceOf } from './hook-client.js';

/** The gateways of this suite, by the settings that a case needs. */
const GATEWAYS = {
  closed: {},
  open: { IRIS_FAILURE_PRE_REQUEST: 'open', IRIS_HOOK_MAX_BODY_BYTES: '20000' },
  observing: { IRIS_MODE_DEFAULT: 'observe', IRIS_HOOK_MAX_BODY_BYTES: '20000' },
  small: { IRIS_HOOK_MAX_BODY_BYTES: '20000', IRIS_HOOK_MAX_DEPTH: '40' },
  blocking: { IRIS_HOOK_ON_DENIED_RESULT: 'block' },
  unwritten: { IRIS_PDP_POLICY_VERSION: 'not_written_yet' },
} as const;
type GatewayName = keyof typeof GATEWAYS;
const NAMES = Object.keys(GATEWAYS) as GatewayName[];

/**
 * A hook and its expected outcome. `text` is sent as it is, `base64` as bytes, `hook` as JSON with usual metadata
 * below its own. `$REQUEST` and `$SESSION` in a text are ids of the case, `$LONG` is 30 kB and `$M` is what nobody may see.
 */
interface HookCase {
  readonly title: string;
  readonly gateway?: GatewayName;
  readonly path?: string;
  readonly method?: string;
  /** Replaces the usual headers; null leaves one out. */
  readonly headers?: Readonly<Record<string, string | null>>;
  readonly coding?: 'gzip' | 'zstd';
  readonly chunked?: boolean;
  readonly hook?: { readonly metadata?: Readonly<Record<string, unknown>> | null } & Readonly<Record<string, unknown>>;
  readonly text?: string;
  readonly base64?: string;
  readonly expect: {
    /** 200 when absent. */
    readonly status?: number;
    readonly action?: 'allow' | 'block' | 'modify';
    readonly statusCode?: number;
    /** A part of the reply's message, or of the modified body. */
    readonly says?: readonly string[];
    /** Policy denies: the reply blocks, or modifies the body so that the text of `$M` is gone. */
    readonly denied?: boolean;
    /** The reply to an agent's own hook denies the call. */
    readonly agentDenies?: boolean;
    /** Texts that the provider still sees. */
    readonly passed?: readonly string[];
    /** Texts that are gone from the body, or never stood in the reply. */
    readonly withheld?: readonly string[];
    /** The whole reply, for what is no verdict. */
    readonly reply?: unknown;
    readonly replyHeaders?: Readonly<Record<string, string | null>>;
    /** Parts of the hook's records, in their order; all of them. */
    readonly evidence?: readonly unknown[];
    /** Reason id of a line that is logged about the hook. */
    readonly logged?: string;
  };
}

interface Sent {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

const FOLDERS = ['test/cases/aperture', 'test/cases/adverse'];
/** A file holds one case, or a list of them. */
const cases: [string, HookCase][] = FOLDERS.flatMap((folder) =>
  readdirSync(folder)
    .sort()
    .flatMap((file) => {
      const content = parse(readFileSync(join(folder, file), 'utf8')) as HookCase | HookCase[];
      if (!Array.isArray(content)) return [[file, content] as [string, HookCase]];
      return content.map((each, index) => [`${file} ${index}: ${each.title}`, each] as [string, HookCase]);
    }),
);
const MARKER = 'U0VDUkVUIHJlc3VsdA';

const LONG = 'x'.repeat(30_000);
const lines: string[] = [];
let mesh: Mesh;

beforeAll(async () => {
  mesh = await startMesh({
    root: process.cwd(),
    gateways: NAMES.length,
    commonEnv: { IRIS_BULK_INTERVAL_SECONDS: '0' },
    gatewayEnv: (index) => ({ IRIS_HOOK_BUDGET_MS: '20000', ...GATEWAYS[NAMES[index] ?? 'closed'] }),
    onLine: (_process, line) => lines.push(line),
  });
});
afterAll(() => mesh?.close());

function gatewayOf({ gateway = 'closed' }: HookCase): Gateway {
  const found = mesh.gateways[NAMES.indexOf(gateway)];
  if (found === undefined) throw new Error(`there is no gateway ${gateway}`);
  return found;
}

function idOf(file: string): string {
  return file.replace(/:.*/, '').replace(/[^\w.]/g, '_');
}

function bodyOf(file: string, { hook, text, base64, coding }: HookCase): Buffer {
  const id = idOf(file);
  const ids: Record<string, string> = { REQUEST: `req_${id}`, SESSION: `sess_${id}`, LONG, M: MARKER };
  let plain: Buffer;
  if (base64 !== undefined) plain = Buffer.from(base64, 'base64');
  else {
    const usual = {
      login_name: 'ben@lumen.example',
      user_agent: 'claude-cli/2.1.278 (external, cli)',
      url: '/v1/messages',
      model: 'claude-sonnet-5',
      provider: 'anthropic',
      tailnet_name: 'lumen.example',
      request_id: '$REQUEST',
      session_id: '$SESSION',
    };
    const metadata = hook?.metadata === null ? null : { ...usual, ...hook?.metadata };
    const template = text ?? JSON.stringify({ ...hook, metadata });
    plain = Buffer.from(template.replace(/\$(REQUEST|SESSION|LONG|M)\b/g, (_all, id: string) => ids[id] ?? ''));
  }
  if (coding === 'gzip') return gzipSync(plain);
  return coding === 'zstd' ? zstdCompressSync(plain) : plain;
}

function send(file: string, given: HookCase): Promise<Sent> {
  const url = new URL(given.path ?? '/ext/aperture/pre_request', gatewayOf(given).url);
  const body = bodyOf(file, given);
  const usual: Record<string, string | null> = {
    authorization: `Bearer ${HOOK_KEY}`,
    'content-type': 'application/json',
    'content-length': given.chunked === true || given.method === 'GET' ? null : String(body.length),
    'content-encoding': given.coding ?? null,
  };
  const headers = Object.entries({ ...usual, ...given.headers }).filter(
    (entry): entry is [string, string] => entry[1] !== null,
  );
  return new Promise((resolve, reject) => {
    const call = httpRequest(url, { method: given.method ?? 'POST', headers: Object.fromEntries(headers) });
    call.on('error', reject);
    call.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          text: Buffer.concat(chunks).toString('utf8'),
        }),
      );
    });
    if (given.method === 'GET') call.end();
    else if (given.chunked === true) {
      for (let at = 0; at < body.length; at += 100) call.write(body.subarray(at, at + 100));
      call.end();
    } else call.end(body);
  });
}

/** The records about a case: by its request, or by what nothing else in the file's gateway has. */
async function recordsOf(file: string, given: HookCase, before: ReadonlySet<string>): Promise<EvidenceRecord[]> {
  const records = (await evidenceOf(gatewayOf(given))).filter(({ id }) => !before.has(id));
  for (const record of records) expect(evidenceRecordSchema.safeParse(record).error).toBeUndefined();
  return records.filter(
    ({ requestId }) => requestId === undefined || requestId === `req_${idOf(file)}` || requestId === '',
  );
}

it.each(cases)('%s', async (file, given) => {
  const wanted = given.expect;
  const before = new Set((await evidenceOf(gatewayOf(given))).map(({ id }) => id));
  const from = lines.length;
  const reply = await send(file, given);

  expect({ status: reply.status, text: reply.text }).toMatchObject({ status: wanted.status ?? 200 });
  for (const [name, value] of Object.entries({ 'accept-encoding': null, ...wanted.replyHeaders })) {
    expect(reply.headers[name]).toBe(value ?? undefined);
  }
  const body: unknown = JSON.parse(reply.text);
  if (wanted.reply !== undefined) expect(body).toMatchObject(wanted.reply as object);
  if (wanted.action !== undefined) {
    expect(guardrailResponseSchema.safeParse(body).error).toBeUndefined();
    // With the text, so that a failure shows the reason.
    const statusCode = wanted.action === 'block' ? { status_code: wanted.statusCode ?? 403 } : {};
    expect({ text: reply.text, ...(body as object) }).toMatchObject({
      action: wanted.action,
      ...statusCode,
      text: reply.text,
    });
  }
  if (wanted.denied === true) {
    expect({ text: reply.text, ...(body as object) }).toMatchObject({
      action: expect.stringMatching(/^(?:block|modify)$/),
    });
    expect(reply.text).not.toContain(MARKER);
  }
  if (wanted.agentDenies === true) {
    expect(body).toMatchObject({ hookSpecificOutput: { permissionDecision: 'deny' } });
  }
  for (const text of wanted.says ?? []) expect(reply.text).toContain(JSON.stringify(text).slice(1, -1));
  for (const text of wanted.passed ?? []) if (wanted.action === 'modify') expect(reply.text).toContain(text);
  for (const text of wanted.withheld ?? []) expect(reply.text).not.toContain(text);
  if (wanted.passed !== undefined) expect(['allow', 'modify']).toContain(wanted.action);

  const records = await recordsOf(file, given, before);
  if (wanted.evidence !== undefined) expect(records).toMatchObject(wanted.evidence);
  if (wanted.logged !== undefined) {
    await eventually(async () => {
      const said = lines.slice(from).filter((line) => line.includes(`"reason":"${wanted.logged}"`));
      expect(said.length).toBeGreaterThan(0);
    });
  }
});

describe('the cases', () => {
  it('have titles of their own', () => {
    const titles = cases.map(([, { title }]) => title);
    expect(new Set(titles).size).toBe(titles.length);
  });
});
