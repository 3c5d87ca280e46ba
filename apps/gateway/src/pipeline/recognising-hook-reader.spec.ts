import { hookCallDataSchema } from '@iris/contracts';
import { createLogger } from '@iris/telemetry';
import { loadCatalog } from '@iris/tool-catalog';
import { describe, expect, it } from '@jest/globals';
import type { IncomingHook } from '../protocol/incoming-hook.js';
import { InThreadHookReader } from './hook-reader.js';
import { RecognisingHookReader } from './recognising-hook-reader.js';

const LIMITS = { maxBodyBytes: 100_000, maxDepth: 50 };
const KIND = 'unrecognised:anthropic-messages:memory_recall';
const TOOL = 'unrecognised:anthropic-messages:web_search_20990101';

function catalog(...recognised: string[]) {
  return loadCatalog({
    text: JSON.stringify({
      environments: [{ name: 'production', patterns: ['prod'] }],
      entries: [{ name: 'files', system: 's', category: 'files', tools: { read: ['Read'] } }],
      recognised,
    }),
  });
}

async function read(body: object, ...recognised: string[]) {
  const inner = new InThreadHookReader(LIMITS as never);
  const reader = new RecognisingHookReader(inner, catalog(...recognised), createLogger('test', 'silent'));
  const hook = { metadata: { url: '/v1/messages', login_name: 'ana@example.com' }, request_body: body };
  expect(hookCallDataSchema.safeParse(hook).success).toBe(true);
  const incoming: IncomingHook = {
    routeEvent: 'pre_request',
    keyName: 'k',
    arrivedAt: 0,
    body: Buffer.from(JSON.stringify(hook)),
    contentCoding: undefined,
  };
  const reading = await reader.read(incoming, NEVER);
  if (!reading.ok || reading.calls.status !== 'read') throw new Error('the hook can be read');
  return {
    calls: reading.calls.calls.map(({ name }) => name),
    declared: reading.calls.declared.map(({ key }) => key),
    unknownFields: reading.hook.unknownFields,
  };
}

const BODY = {
  max_tokens: 1,
  new_switch: true,
  messages: [
    { role: 'user', content: [{ type: 'memory_recall', data: 'x' }] },
    { role: 'assistant', content: [{ type: 'tool_use', id: 'a', name: KIND, input: {} }] },
    { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'a', content: 'r' }] },
  ],
  tools: [
    { type: 'web_search_20990101', name: 'web_search' },
    { name: TOOL, input_schema: {} },
  ],
};

const NEVER = new AbortController().signal;

describe('RecognisingHookReader', () => {
  it('leaves kinds that no format lists to be judged, and reports the unknown fields', async () => {
    expect(await read(BODY)).toEqual({
      calls: [KIND, KIND],
      declared: [TOOL, 'tool:web_search', `tool:${TOOL}`],
      unknownFields: ['new_switch'],
    });
  });

  it('takes out what the catalog admits, and never a tool of a client that has such a name', async () => {
    expect(await read(BODY, KIND, TOOL)).toEqual({
      calls: [KIND],
      declared: ['tool:web_search', `tool:${TOOL}`],
      unknownFields: ['new_switch'],
    });
  });
});
