import { type JsonObject, type ToolCall } from '@iris/contracts';
import { loadCatalog } from '@iris/tool-catalog';
import { describe, expect, it } from '@jest/globals';
import { callAttributes } from './resource-attributes.js';

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
