import { type Hook, hookCallDataSchema, type ToolCall } from '@iris/contracts';
import { Budget, type DecisionRequest, Modes } from '@iris/decision';
import { requestOf } from '@iris/decision/testing';
import { PdpError } from '@iris/pdp';
import { loadCatalog } from '@iris/tool-catalog';
import { describe, expect, it } from '@jest/globals';
import type { HookReader, HookReading } from '../protocol/hook-reader.js';
import type { IncomingHook } from '../protocol/incoming-hook.js';
import { ExplainService } from './explain.service.js';

const catalog = loadCatalog({ path: 'policies/catalog.yaml' });
const modes = new Modes({ default: 'enforce', byEvent: {}, byCategory: {} }, catalog);
const data = hookCallDataSchema.parse({});
const hook: Hook = { event: 'pre_request', keyName: 'k', arrivedAt: 0, metadata: data.metadata, data };
const call: ToolCall = { id: 't1', name: 'Read', phase: 'executed', paramsStatus: 'ok' };
const READ: HookReading = { ok: true, hook, calls: { status: 'read', declared: [], calls: [call] } };
const prepared = { principal: { id: 'ana', roles: ['user'], attr: {} }, origins: {}, sources: {}, anonymous: false };

function explain(reading: HookReading, error?: Error) {
  const reader: HookReader = { read: async () => reading };
  const request: DecisionRequest = requestOf();
  const service = new ExplainService(
    reader,
    () => request,
    {
      gather: async () => ({ principal: { identity: request.who, roles: ['user'], sources: {} }, cmdb: new Map() }),
    },
    {
      prepare: () => prepared,
      decide: async () => {
        if (error !== undefined) throw error;
        const about = { call, effect: 'DENY' as const, reason: 'policy_denied' as const, observe: false };
        return [{ decision: { ...about, rules: ['r'], derivedRoles: [], outputs: [] }, attr: {}, parts: [] }];
      },
    },
    { alwaysDenied: async () => new Set(['tool:x']) },
    { revision: 'r1' },
    { modes, catalog },
  );
  return service.explain({} as IncomingHook, new Budget(1000), new AbortController().signal);
}

describe('ExplainService', () => {
  it('gives the decision on each call with its rules and mode, and the tools that would be removed', async () => {
    expect(await explain(READ)).toMatchObject({
      principal: { id: 'ana', kind: 'user' },
      calls: [{ id: 't1', tool: 'Read', effect: 'DENY', rules: ['r'], mode: 'enforce' }],
      stripped: ['tool:x'],
    });
  });

  it.each<[string, HookReading, string]>([
    ['is not read', { ok: false, reason: 'hook_malformed', detail: 'd' }, 'hook_malformed'],
    ['carries nothing', { ok: true, hook, calls: { status: 'nothing_to_evaluate' } }, 'nothing_to_evaluate'],
    [
      'has an unknown format',
      { ok: true, hook, calls: { status: 'unreadable', reason: 'unknown_format' } },
      'unknown_format',
    ],
  ])('refuses a hook that %s, with the reason', async (_title, reading, reason) => {
    await expect(explain(reading)).rejects.toMatchObject({ name: 'NotExplainable', reason });
  });

  it('refuses with the reason of the PDP, and passes on other errors', async () => {
    await expect(explain(READ, new PdpError('pdp_timeout', 'late'))).rejects.toMatchObject({ reason: 'pdp_timeout' });
    await expect(explain(READ, new TypeError('x'))).rejects.toThrow(TypeError);
  });
});
