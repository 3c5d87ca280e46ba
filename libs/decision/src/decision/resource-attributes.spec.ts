import { type Hook, hookCallDataSchema, type JsonObject, type ToolCall } from '@iris/contracts';
import { loadCatalog } from '@iris/tool-catalog';
import { describe, expect, it } from '@jest/globals';
import { callAttributes, hookAttributes } from './resource-attributes.js';

const catalog = loadCatalog({
  text: `
environments: [{ name: production, patterns: [prod] }]
entries: [{ name: files, system: workstation, category: files, tools: { read: [Read] } }]
servers:
  - id: pg
    aliases: [pg]
    system: postgres
    category: database
    tools: { execute: [query] }
    target: { kind: database, hosts: [host] }
    environment: { from: [{ hosts: [host] }] }
`,
});

function hook(metadata: object): Hook {
  const data = hookCallDataSchema.parse({ metadata });
  // A Sunday in UTC, and a Monday further east.
  const arrivedAt = Date.UTC(2026, 2, 1, 23, 30);
  return { event: 'pre_request', keyName: 'k', arrivedAt, metadata: data.metadata, data };
}

describe('hookAttributes', () => {
  it('has the values of the hook, and the time in UTC', () => {
    const metadata = {
      user_agent: 'claude-cli/2.1 (external)',
      url: '/v1/messages',
      model: 'm',
      provider: 'p',
      request_id: 'r',
      session_id: 's',
      quotas: { team: { current: 1 } },
      estimated_cost: { dollars: 0.5 },
    };
    expect(hookAttributes(hook(metadata))).toEqual({
      model: 'm',
      provider: 'p',
      client: { name: 'claude-cli', version: '2.1' },
      userAgent: metadata.user_agent,
      url: '/v1/messages',
      event: 'pre_request',
      requestId: 'r',
      sessionId: 's',
      estimatedCost: { dollars: 0.5 },
      quotas: { team: { current: 1 } },
      request: expect.objectContaining({ time: '2026-03-01T23:30:00.000Z', weekday: 0, hourUtc: 23, timeZone: 'UTC' }),
    });
  });

  it('lists the fields of the body that no reader knows', () => {
    expect(hookAttributes({ ...hook({}), unknownFields: ['plugins'] }).unknownFields).toEqual(['plugins']);
  });

  it('leaves out what the hook does not tell', () => {
    expect(Object.keys(hookAttributes(hook({}))).sort()).toEqual(['event', 'request']);
  });

  it.each([
    ['curl', { name: 'curl' }],
    ['Anthropic/Python 0.83.0', { name: 'Anthropic', version: 'Python' }],
    [' codex_cli_rs/0.1 (Mac OS) ', { name: 'codex_cli_rs', version: '0.1' }],
    ['(compatible)', undefined],
    ['', undefined],
  ])('takes the client from %j', (user_agent, client) => {
    expect(hookAttributes(hook({ user_agent })).client).toEqual(client);
  });
});

describe('callAttributes', () => {
  const attributesOf = (of: ToolCall, cmdb?: JsonObject) => callAttributes(of, catalog, cmdb, 262_144).attr;

  const call: ToolCall = {
    id: 't',
    name: 'mcp__pg__query',
    phase: 'executed',
    paramsStatus: 'ok',
    params: { host: 'a-prod', n: null },
  };

  it('has the values of the catalog, and the parameters unchanged', () => {
    expect(attributesOf(call, { environment: 'Production' })).toEqual({
      tool: { name: 'mcp__pg__query', server: 'pg', operation: 'query', anomalies: [] },
      params: { host: 'a-prod', n: null },
      paramsStatus: 'ok',
      phase: 'executed',
      category: 'database',
      system: 'postgres',
      operation: 'execute',
      environment: 'production',
      target: { kind: 'database', id: 'a-prod' },
      cmdb: { environment: 'Production' },
    });
  });

  it('has no parameters when they could not be read, and nothing of a tool that nobody knows', () => {
    const unknown: ToolCall = { id: 't', name: 'x', phase: 'requested', paramsStatus: 'unparsed' };
    expect(attributesOf(unknown)).toEqual({
      tool: { name: 'x', operation: 'x', anomalies: [] },
      paramsStatus: 'unparsed',
      phase: 'requested',
      category: 'uncategorised',
    });
  });
});
