import { readFileSync } from 'node:fs';
import { guardrailResponseSchema } from '@iris/contracts';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parse } from 'yaml';
import { PROVIDER_BODIES, RESULT_MARKER } from '../../apps/gateway/test/tool-calls/provider-bodies.js';
import { PROVIDER_RULES } from '../../apps/gateway/test/tool-calls/provider-rules.js';
import { HOOK_KEY, type Mesh, startMesh } from '../../apps/sandbox/src/mesh/mesh.js';
import { mutations } from './mutations.js';
import { type StructuredCase, structures } from './structures.js';

/** Hooks for each format and mutations for each route; `npm run fuzz` asks for 10,000. */
const RUNS = Number(process.env.FUZZ_RUNS ?? 1000);
/** How many are in flight at once. */
const AT_ONCE = 16;
const ROUTES = ['', '/pre_request', '/tool_call_entire_request', '/entire_request'].map(
  (path) => `/ext/aperture${path}`,
);
const AGENT_ROUTE = '/ext/claude';
/** Most memory that the gateway may hold at the end, in MiB. */
const MAX_MIB = 700;
/** Seeds that once found something, beside the one of this run. */
const { kept } = parse(readFileSync('test/fuzz/seeds.yaml', 'utf8')) as { readonly kept: readonly number[] };
const CURRENT = fc.readConfigureGlobal().seed ?? (Date.now() ^ (Math.random() * 0x1_0000_0000)) >>> 0;

type Format = keyof typeof PROVIDER_BODIES;
const FORMATS = Object.keys(PROVIDER_BODIES) as Format[];

let mesh: Mesh;
const said: string[] = [];

beforeAll(async () => {
  mesh = await startMesh({
    root: process.cwd(),
    redis: false,
    commonEnv: { IRIS_LOG_LEVEL: 'error', IRIS_BULK_INTERVAL_SECONDS: '0' },
    gatewayEnv: { IRIS_HOOK_BUDGET_MS: '20000' },
    onLine: (name, line) => {
      if (name.startsWith('gateway')) said.push(line);
    },
  });
});

afterAll(() => mesh?.close());

function residentMib(): number {
  const status = readFileSync(`/proc/${mesh.gateways[0]?.process.pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024;
}

async function send(path: string, body: string | Uint8Array) {
  const response = await fetch(`${mesh.gateways[0]?.url}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${HOOK_KEY}`, 'content-type': 'application/json' },
    body,
  });
  const text = await response.text();
  return { status: response.status, text };
}

/** Sends a body of somebody of whom nothing is known, so that policy denies every call. */
function ask(url: string, body: string) {
  const metadata = { login_name: 'nobody@lumen.example', url, user_agent: 'claude-cli/2.1', session_id: '' };
  return send('/ext/aperture/pre_request', `{"metadata":${JSON.stringify(metadata)},"request_body":${body}}`);
}

/**
 * What is wrong with how a body of changed structure is answered: no denied result passes, what the provider would take
 * stays so, the same body gets the same reply, and a rewritten body is sent on as it is.
 */
async function faultOfStructure(format: Format, { url, body, foreign }: StructuredCase): Promise<string | undefined> {
  const text = JSON.stringify(body);
  const reply = await ask(url, text);
  const fault = faultOf('', reply);
  if (fault !== undefined) return fault;
  const verdict = guardrailResponseSchema.parse(JSON.parse(reply.text));
  if (verdict.action === 'block') return undefined;
  const passed = verdict.action === 'modify' ? JSON.stringify(verdict.request_body) : text;
  if (RESULT_MARKER.test(passed)) return 'a denied result passed';
  if (verdict.action !== 'modify') return undefined;
  if ((await ask(url, text)).text !== reply.text) return 'the same body got another reply';
  const second = await ask(url, passed);
  if (JSON.parse(second.text).action !== 'allow') return `a rewritten body got ${second.text.slice(0, 300)}`;
  if (foreign) return undefined;
  const before = complaintsOf(format, body);
  const added = complaintsOf(format, verdict.request_body)?.filter((complaint) => !before?.includes(complaint));
  return before && added?.length !== 0 ? `not valid for the provider: ${added?.join('; ') ?? 'shape'}` : undefined;
}

/** Undefined when the provider refuses the shape of the body already. */
function complaintsOf(format: Format, body: unknown): string[] | undefined {
  try {
    return PROVIDER_RULES[format](body);
  } catch {
    return undefined;
  }
}

/** What is wrong with a reply; undefined when nothing is. */
function faultOf(
  path: string,
  { status, text }: { readonly status: number; readonly text: string },
): string | undefined {
  if (status !== 200) return `status ${status}: ${text.slice(0, 200)}`;
  try {
    const reply: unknown = JSON.parse(text);
    if (path === AGENT_ROUTE) {
      const { hookSpecificOutput: output } = reply as { hookSpecificOutput?: { permissionDecision?: string } };
      // No opinion: the event precedes no call, or policy allows it.
      return output === undefined ? (text === '{}' ? undefined : text) : output.permissionDecision ? undefined : text;
    }
    return guardrailResponseSchema.safeParse(reply).success ? undefined : text.slice(0, 300);
  } catch {
    return `no JSON: ${text.slice(0, 300)}`;
  }
}

/** Runs cases side by side, and gives what was wrong. */
async function eachOf<T>(cases: readonly T[], one: (item: T) => Promise<string | undefined>): Promise<string[]> {
  const faults: string[] = [];
  let next = 0;
  const lane = async () => {
    for (let index = next++; index < cases.length; index = next++) {
      const fault = await one(cases[index] as T);
      if (fault !== undefined) faults.push(`case ${index}: ${fault}`);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
  return faults.slice(0, 5);
}

async function expectWell(): Promise<void> {
  const pid = mesh.gateways[0]?.process.pid ?? 0;
  process.kill(pid, 0);
  const ready = await fetch(`${mesh.gateways[0]?.url}/readyz`);
  expect(ready.status).toBe(200);
  expect(said.filter((line) => line.includes('unexpected error'))).toEqual([]);
  expect(residentMib()).toBeLessThan(MAX_MIB);
}

describe.each([CURRENT, ...kept].map((seed, index) => [seed, index === 0 ? RUNS : RUNS / 20] as const))(
  'with seed %i',
  (seed, runs) => {
    it.each(FORMATS)(
      'every generated hook in the format %s gets a valid verdict, and no denied result is passed on',
      async (format) => {
        const bodies = fc.sample(PROVIDER_BODIES[format], { seed, numRuns: runs });
        const faults = await eachOf(bodies, async ({ text, url }) => {
          const reply = await ask(url, text);
          const fault = faultOf('', reply);
          if (fault !== undefined) return fault;
          const verdict = guardrailResponseSchema.parse(JSON.parse(reply.text));
          if (verdict.action === 'modify') {
            const broken = PROVIDER_RULES[format](verdict.request_body);
            if (broken.length > 0)
              return `not valid for the provider: ${broken.join('; ')} in ${reply.text.slice(0, 300)}`;
          }
          // Of this login nothing is known, so that policy denies every call.
          const passed = verdict.action === 'allow' ? text : verdict.action === 'modify' ? reply.text : '';
          return RESULT_MARKER.test(passed) ? `a denied result passed: ${passed.slice(0, 400)}` : undefined;
        });
        process.stdout.write(`${format}, seed ${seed}: ${bodies.length} hooks, ${Math.round(residentMib())} MiB\n`);
        expect(faults).toEqual([]);
        await expectWell();
      },
      900_000,
    );

    it.each(FORMATS)(
      'no change of the structure of %s passes a denied result on, and each gets the same verdict again',
      async (format) => {
        const cases = fc.sample(structures(format), { seed, numRuns: runs });
        const faults = await eachOf(cases, async (structured) => {
          const fault = await faultOfStructure(format, structured);
          return fault && `${fault} for ${structured.url} ${JSON.stringify(structured.body)}`;
        });
        process.stdout.write(`${format}, seed ${seed}: ${cases.length} structures, ${Math.round(residentMib())} MiB\n`);
        expect(faults).toEqual([]);
        await expectWell();
      },
      900_000,
    );

    it.each([...ROUTES, AGENT_ROUTE])(
      'every mutation of the bytes gets a valid verdict from %s',
      async (path) => {
        const bytes = fc.sample(mutations(path === AGENT_ROUTE), { seed, numRuns: runs });
        const faults = await eachOf(bytes, async (body) => {
          const fault = faultOf(path, await send(path, body));
          return fault && `${fault} for ${Buffer.from(body).toString('base64').slice(0, 2000)}`;
        });
        process.stdout.write(`${path}, seed ${seed}: ${bytes.length} mutations, ${Math.round(residentMib())} MiB\n`);
        expect(faults).toEqual([]);
        await expectWell();
      },
      900_000,
    );
  },
);
