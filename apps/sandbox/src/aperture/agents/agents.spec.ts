import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import fastify, { type FastifyInstance } from 'fastify';
import { type SimulatedLlm, startLlm } from '../../llm/simulated-llm.js';
import type { Turn } from '../../llm/turn.js';
import type { SimulatedAperture } from '../aperture-api.js';
import { asObject } from '../json-members.js';
import { startAperture } from '../simulated-aperture.js';
import type { AgentTask, AgentTool } from './agent-loop.js';
import { AGENT_IDS, type AgentId, agentLoop, refusalOf } from './agents.js';

const TOOLS: AgentTool[] = ['lookup', 'note'].map((name) => ({
  name,
  description: `Does ${name}.`,
  parameters: { type: 'object', properties: { text: { type: 'string' } } },
}));

const SCRIPT: Turn[] = [
  {
    thinking: 'Both are needed.',
    text: 'Let me look — “ünïcode”.',
    calls: [{ name: 'lookup', args: { text: 'größe', nested: { deep: [1, null] } } }, { name: 'note' }],
  },
  { text: 'All done.' },
];

let llm: SimulatedLlm;
let hookServer: FastifyInstance;
let hookUrl: string;
let hookReply: (body: Record<string, unknown>) => unknown;
let aperture: SimulatedAperture;

const config = (isWired: boolean) => ({
  providers: { any: { models: ['**'] } },
  hooks: { guard: { url: hookUrl } },
  grants: [
    {
      src: ['*'],
      app: {
        'tailscale.com/cap/aperture': [
          { models: '**' },
          ...(isWired
            ? [
                {
                  send_hooks: [
                    {
                      name: 'guard',
                      events: ['pre_request' as const, 'tool_call_entire_request' as const],
                      send: ['request_body' as const, 'tools' as const, 'response_body' as const],
                    },
                  ],
                },
              ]
            : []),
        ],
      },
    },
  ],
});

beforeAll(async () => {
  llm = await startLlm();
  hookServer = fastify();
  hookServer.post('/', (request) => hookReply(asObject(request.body)));
  hookUrl = await hookServer.listen({ host: '127.0.0.1', port: 0 });
  aperture = await startAperture({
    config: config(false),
    llmUrl: llm.url,
    identity: { loginName: 'ana@example.com', stableNodeId: 'n1', tailnetName: 'example.ts.net' },
  });
});

afterEach(() => {
  llm.clear();
  aperture.clear();
});

afterAll(async () => {
  await aperture.close();
  await hookServer.close();
  await llm.close();
});

const task = (stream: boolean): AgentTask => ({
  baseUrl: aperture.url,
  prompt: 'Measure it.',
  tools: TOOLS,
  execute: ({ name }) => `result of ${name}`,
  maxTurns: 3,
  stream,
});

const cases = AGENT_IDS.flatMap((id) => [true, false].map((stream) => [id, stream] as [AgentId, boolean]));

describe.each(cases)('%s, streaming %s', (id, stream) => {
  it('runs an agent loop that the provider accepts', async () => {
    aperture.reconfigure(config(false));
    llm.script(SCRIPT);
    const run = await agentLoop(id, task(stream));
    expect(llm.requests.map(({ status, error }) => [status, error])).toEqual([
      [200, undefined],
      [200, undefined],
    ]);
    expect(llm.requests.map(({ streaming }) => streaming)).toEqual([stream, stream]);
    expect(llm.requests[0]?.declaredTools).toEqual(['lookup', 'note']);
    expect(run.calls.map(({ name, args }) => [name, args])).toEqual([
      ['lookup', { text: 'größe', nested: { deep: [1, null] } }],
      ['note', {}],
    ]);
    expect(run.texts).toEqual(['Let me look — “ünïcode”.', 'All done.']);
    expect(run.finished).toBe(true);
    expect(llm.requests[1]?.raw.toString('utf8')).toContain('result of note');
    expect(aperture.exchanges.map(({ forwardedBody }) => forwardedBody)).toEqual(llm.requests.map(({ raw }) => raw));
    expect(aperture.hooks).toEqual([]);
  });

  it('throws its own error with the message of a block', async () => {
    aperture.reconfigure(config(true));
    hookReply = () => ({ action: 'block', status_code: 403, message: 'Payroll data is off limits.' });
    llm.script(SCRIPT);
    const failure: unknown = await agentLoop(id, task(stream)).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(refusalOf(id));
    expect(failure instanceof Error && failure.message).toContain('Payroll data is off limits.');
    expect(llm.requests).toEqual([]);
  });

  it('reaches the provider with the body that a hook puts in its place, and reports its calls afterwards', async () => {
    aperture.reconfigure(config(true));
    hookReply = (body) => {
      if (body.response_body !== undefined) return {};
      const text = JSON.stringify(body.request_body).replace('Measure it.', 'Measure nothing.');
      return { action: 'modify', request_body: JSON.parse(text) };
    };
    llm.script(SCRIPT);
    await agentLoop(id, task(stream));
    await aperture.settled();
    expect(llm.requests[0]?.raw.toString('utf8')).toContain('Measure nothing.');
    expect(llm.requests[0]?.raw.toString('utf8')).not.toContain('Measure it.');
    const after = aperture.hooks.filter(({ event }) => event === 'tool_call_entire_request');
    expect(after.map(({ payloadText }) => JSON.parse(payloadText).tool_calls)).toEqual([
      [
        { name: 'lookup', params: { text: 'größe', nested: { deep: [1, null] } } },
        { name: 'note', params: {} },
      ],
    ]);
  });
});
