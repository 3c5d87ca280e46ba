import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { AgentTask } from '../../apps/sandbox/src/aperture/agents/agent-loop.js';
import { AGENT_IDS, type AgentId, agentLoop, refusalOf } from '../../apps/sandbox/src/aperture/agents/agents.js';
import type { SimulatedAperture } from '../../apps/sandbox/src/aperture/aperture-api.js';
import { startAperture } from '../../apps/sandbox/src/aperture/simulated-aperture.js';
import { type SimulatedLlm, startLlm } from '../../apps/sandbox/src/llm/simulated-llm.js';
import type { Turn } from '../../apps/sandbox/src/llm/turn.js';
import { HOOK_KEY, type Mesh, startMesh } from '../../apps/sandbox/src/mesh/mesh.js';
import { deviceOf, PRODUCTION } from './hook-client.js';

const NEVER = 'drop_database';
const SQL = 'mcp__postgres__execute_sql';
const READ = 'Read';
const LOGIN = 'ben@lumen.example';
const DENIAL = 'Production systems need an on-call shift';

/** Two turns with calls, then a text: what is denied in the first turn is resent in the third. */
const SCRIPT: Turn[] = [
  {
    calls: [
      { name: READ, args: { file_path: '/a' } },
      { name: SQL, args: PRODUCTION },
    ],
  },
  { calls: [{ name: READ, args: { file_path: '/b' } }] },
  { text: 'All done.' },
];

let policies: string;
let mesh: Mesh;
let llm: SimulatedLlm;
let redacting: SimulatedAperture;
let blocking: SimulatedAperture;

function apertureFor(gateway: number): Promise<SimulatedAperture> {
  return startAperture({
    llmUrl: llm.url,
    identity: { loginName: LOGIN, stableNodeId: deviceOf(mesh, LOGIN), tailnetName: 'lumen.example' },
    config: {
      providers: { any: { models: ['**'] } },
      hooks: {
        iris: { url: `${mesh.gateways[gateway]?.url}/ext/aperture`, apikey: HOOK_KEY, fail_policy: 'fail_closed' },
      },
      grants: [
        {
          src: ['*'],
          app: {
            'tailscale.com/cap/aperture': [
              {
                models: '**',
                send_hooks: [
                  {
                    name: 'iris',
                    events: ['pre_request', 'tool_call_entire_request', 'entire_request'],
                    send: ['request_body', 'response_body', 'tools'],
                  },
                ],
              },
            ],
          },
        },
      ],
    },
  });
}

beforeAll(async () => {
  policies = await packWithSdkClients();
  mesh = await startMesh({
    root: process.cwd(),
    policies,
    gateways: 2,
    gatewayEnv: (index) => ({
      IRIS_HOOK_BUDGET_MS: '20000',
      IRIS_HOOK_ON_DENIED_RESULT: index === 0 ? 'redact' : 'block',
    }),
  });
  llm = await startLlm();
  redacting = await apertureFor(0);
  blocking = await apertureFor(1);
});

afterEach(() => {
  llm.clear();
  redacting.clear();
  blocking.clear();
});

afterAll(async () => {
  await redacting?.close();
  await blocking?.close();
  await llm?.close();
  await mesh?.close();
  await rm(policies, { recursive: true, force: true });
});

function task(aperture: SimulatedAperture, baseUrl: string, stream: boolean): AgentTask {
  return {
    baseUrl,
    prompt: 'Look at the orders.',
    tools: [NEVER, SQL, READ].map((name) => ({
      name,
      description: `Does ${name}.`,
      parameters: { type: 'object', properties: {} },
    })),
    execute: async ({ name }) => {
      // What came after the response is judged before the next turn: an agent works for longer than a hook takes.
      await aperture.settled();
      return `SECRET of ${name}`;
    },
    maxTurns: 4,
    stream,
    headers: { 'user-agent': 'claude-cli/2.1.278 (external, cli)' },
  };
}

/** A session of its own. */
function connect(aperture: SimulatedAperture): Promise<string> {
  return aperture.connect({ loginName: LOGIN, stableNodeId: deviceOf(mesh, LOGIN), tailnetName: 'lumen.example' });
}

const cases = AGENT_IDS.flatMap((id) => [false, true].map((stream): [AgentId, boolean] => [id, stream]));

describe.each(cases)('%s, streaming %s', (id, stream) => {
  it('loses the tool that is never allowed, and sees the denied result neither on the next turn nor later', async () => {
    llm.script(SCRIPT);
    const run = await agentLoop(id, task(redacting, await connect(redacting), stream));

    expect(llm.requests.map(({ status, error }) => [status, error])).toEqual(Array(3).fill([200, undefined]));
    for (const request of llm.requests) expect(request.declaredTools).toEqual([SQL, READ]);
    const [, second, third] = llm.requests.map(({ raw }) => raw.toString('utf8'));
    expect(second).toContain(DENIAL);
    expect(second).not.toContain(`SECRET of ${SQL}`);
    expect(second).toContain(`SECRET of ${READ}`);
    expect(third).not.toContain(`SECRET of ${SQL}`);
    expect(third).toContain(`SECRET of ${READ}`);
    // A client of a stateful API does not send its history again; every other one does, and gets the same bytes.
    if (id !== 'openai_responses_stateful') expect(noticeIn(third)).toBe(noticeIn(second));
    expect(run.finished).toBe(true);
    expect(run.texts.at(-1)).toBe('All done.');
  });

  it('throws its own error with the message of the rule when the request is blocked', async () => {
    llm.script(SCRIPT);
    const failure: unknown = await agentLoop(id, task(blocking, await connect(blocking), stream)).catch(
      (error: unknown) => error,
    );
    expect(failure).toBeInstanceOf(refusalOf(id));
    expect(failure instanceof Error && failure.message).toContain(DENIAL);
    expect(llm.requests.length).toBe(1);
  });
});

/** The notice, from the container it is in to its end. */
function noticeIn(body: string | undefined): string | undefined {
  return body === undefined ? undefined : new RegExp(`.{120}${DENIAL}.*?production-systems\\]`).exec(body)?.[0];
}

/** The pack with the clients of this suite: two of the SDKs name themselves, whatever they are told. */
async function packWithSdkClients(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'iris-pack-'));
  await cp('policies/pack', folder, { recursive: true });
  const constants = join(folder, '_iris_constants.yaml');
  const text = await readFile(constants, 'utf8');
  await writeFile(constants, text.replace('- opencode', '- opencode\n      - google-genai-sdk\n      - aws-sdk-js'));
  return folder;
}
