import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CallDecision, JsonObject, ToolCall } from '@iris/contracts';
import { type EvidenceRecord, EvidenceSpool, Masker, readEvidence } from '@iris/evidence';
import { createLogger } from '@iris/telemetry';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { DecidedCall } from '../shared/decided-call.js';
import type { RequestOutcome } from '../shared/request-outcome.js';
import { requestOf } from '../testing/index.js';
import { EvidenceService } from './evidence.service.js';

const POLICIES = { resourceKind: 'aperture_hook', policyVersion: 'v7', scope: 'acme' };

let directory: string;
let spool: EvidenceSpool;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'iris-evidence-'));
});
afterEach(() => {
  spool.close();
  rmSync(directory, { recursive: true });
});

function serviceWith(onFull: 'block' | 'drop', maxBytes = 1_000_000): EvidenceService {
  spool = new EvidenceSpool({
    directory,
    maxBytes,
    onFull,
    segmentBytes: 1_000_000,
    segmentMs: 60_000,
    fsyncMs: 60_000,
    onError: (error) => {
      throw error;
    },
  });
  return new EvidenceService(spool, new Masker(), POLICIES, onFull, createLogger('test', 'silent'));
}

function outcome(changes: Partial<RequestOutcome> = {}): RequestOutcome {
  return {
    request: requestOf({
      keyName: 'aperture',
      who: { kind: 'user', id: 'ada@example.com' },
      requestId: 'req_1',
      sessionId: 'session-1',
    }),
    prepared: {
      principal: { id: 'ada@example.com', roles: ['user'], attr: { department: 'IT' } },
      origins: {},
      sources: {},
      anonymous: false,
    },
    verdict: { action: 'allow', reason: 'policy_allowed' },
    mode: 'enforce',
    traceId: '0af7651916cd43dd8448eb211c80319c',
    durationsMs: { context: 1.234, pdp: 2, total: 3 },
    ...changes,
  };
}

function decided(params: ToolCall['params'], phase: ToolCall['phase'] = 'executed'): DecidedCall {
  const call: ToolCall = { id: 'call_1', name: 'Bash', phase, paramsStatus: 'ok', params };
  const decision: CallDecision = {
    call,
    effect: 'DENY',
    reason: 'policy_denied',
    observe: false,
    rules: ['p#r'],
    derivedRoles: [],
    outputs: [{ source: 'p#r', value: { message: 'no', echo: 'sk_live_4eC39HqLyjWDarjtT1zdp7dc' } }],
    cerbosCallId: 'call-id',
  };
  return {
    decision,
    attr: { phase, url: 'https://u:pass-word-1@h/', params: params ?? {} },
    parts: [],
    catalogEntry: 'shell',
  };
}

async function recorded(): Promise<EvidenceRecord[]> {
  const records: EvidenceRecord[] = [];
  for await (const record of readEvidence(directory)) records.push(record);
  return records;
}

describe('evidence', () => {
  it('holds what joins, explains and replays a decision, with secrets masked in a copy', async () => {
    const service = serviceWith('drop');
    const params = { command: 'ls', password: 'hunter2-blue' };
    const call = decided(params);
    const before = structuredClone(call);
    expect(await service.record(outcome({ mode: 'observe', wouldHave: 'modify' }), [call], () => false)).toBe(true);
    expect(call).toEqual(before);

    const [record] = await recorded();
    expect(record).toMatchObject({
      requestKey: 'req_1',
      traceId: '0af7651916cd43dd8448eb211c80319c',
      wouldHave: 'modify',
      reply: 'allow',
      enforced: false,
      catalogEntry: 'shell',
      action: 'Bash',
      resource: {
        kind: 'aperture_hook',
        id: 'call_1',
        attr: {
          url: 'https://[masked: url credentials]@h/',
          params: { command: 'ls', password: '[masked: key]' },
        },
      },
      policy: {
        cerbosCallId: 'call-id',
        outputs: [{ source: 'p#r', value: { message: 'no', echo: '[masked: token]' } }],
      },
      replay: { policyVersion: 'v7', scope: 'acme', masked: true, paramsHash: expect.stringMatching(/^[0-9a-f]{64}$/) },
      durationsMs: { context: 1.23, pdp: 2, total: 3 },
    });
  });

  it('marks when a record can be replayed unchanged, and which decisions are about the same call', async () => {
    const service = serviceWith('drop');
    await service.record(
      outcome(),
      [{ ...decided({ command: 'ls' }, 'requested'), attr: { params: { command: 'ls' } } }],
      () => true,
    );
    await service.record(outcome(), [decided({ command: 'ls' }, 'executed')], () => true);
    const [requested, executed] = await recorded();
    expect(requested?.replay?.masked).toBe(false);
    expect(executed?.replay?.masked).toBe(true);
    expect(requested?.decisionKey).toBe(executed?.decisionKey);
    expect(requested?.replay?.paramsHash).toBe(executed?.replay?.paramsHash);
    expect((requested?.id ?? '') < (executed?.id ?? '')).toBe(true);
  });

  it('states what joins one call at several entry points, and no parameter by it', async () => {
    const service = serviceWith('drop');
    const hook = decided({ sql: 'a' }, 'requested');
    const ofTool = (tool: JsonObject, id: string, params: JsonObject = { sql: 'a' }) => ({
      ...hook,
      attr: { tool, params },
      decision: { ...hook.decision, call: { ...hook.decision.call, id, params } },
    });
    const query = { server: 'postgres', operation: 'query' };
    const all = [
      ofTool({ name: 'mcp__postgres__query', ...query }, 'toolu_1'),
      ofTool({ name: 'query', ...query }, 'mcp:4a'),
      ofTool({ name: 'query', ...query }, `call~${'0123456789ab'.repeat(2)}~1`),
      ofTool({ name: 'query', ...query }, 'toolu_1', { sql: 'b' }),
      ofTool({ name: 'query', server: 'mysql', operation: 'query' }, 'toolu_2'),
    ];
    for (const one of all) {
      const request = { ...outcome().request, entryPoint: 'claude' };
      await service.record(outcome({ request }), [one], () => true);
    }
    const records = await recorded();
    expect(records[0]?.entryPoint).toBe('claude');
    const [first, mcp, made, other, elsewhere] = records.map(({ callKeys }) => callKeys);
    expect(mcp).toEqual({ content: first?.content });
    expect(made).toEqual({ content: first?.content });
    expect(other?.id).toBe(first?.id);
    expect(new Set([first?.content, other?.content, elsewhere?.content]).size).toBe(3);
    expect(elsewhere?.id).not.toBe(first?.id);
  });

  it('counts equal calls with other parameters as others, and contains no secret by the key', async () => {
    const service = serviceWith('drop');
    const all: JsonObject[] = [{ sql: 'a' }, { sql: 'b' }, { sql: 'a' }, { password: 'one' }, { password: 'two' }];
    for (const params of all) {
      await service.record(outcome(), [decided(params)], () => true);
    }
    const [a, b, again, one, two] = (await recorded()).map(({ decisionKey }) => decisionKey);
    expect(a).toBe(again);
    expect(new Set([a, b, one]).size).toBe(3);
    expect(one).toBe(two);
  });

  it('bounds and masks ids that others choose', async () => {
    const service = serviceWith('drop');
    const long = 'i'.repeat(16_000);
    const call = decided({});
    const request = { ...outcome().request, requestId: long, sessionId: `${long}2` };
    const withLongId = { ...call, decision: { ...call.decision, call: { ...call.decision.call, id: long } } };
    const secret = ['ghp', '16C7e42F292c6912E7710c838347Ae178B4a'].join('_');
    await service.record(outcome({ request }), [withLongId], () => true);
    await service.record(
      outcome({ request: { ...request, requestId: undefined, sessionId: secret } }),
      [call],
      () => true,
    );
    const [record, other] = await recorded();
    const mark = /^\[masked: 1600\d characters, hmac-sha256 [0-9a-f]{64}\]$/;
    for (const id of [record?.requestId, record?.sessionId, record?.requestKey, record?.resource?.id]) {
      expect(id).toMatch(mark);
    }
    expect(record?.requestId).not.toBe(record?.sessionId);
    expect(other?.sessionId).toBe('[masked: token]');
    expect(JSON.stringify(record).length).toBeLessThan(4000);
  });

  it('states the version of its fields, and what was odd or cut', async () => {
    const service = serviceWith('drop');
    const attr = {
      tool: { name: 'Bash', operation: 'Bash', anomalies: ['non_ascii'] },
      paramsTruncated: true,
      unknownFields: ['plugins'],
      permissionMode: 'plan',
      effects: [{ kind: 'network', url: 'https://u:pass-word-1@h/' }],
      params: {},
    };
    await service.record(outcome(), [{ ...decided({}), attr }, decided({})], () => true);
    const [odd, plain] = await recorded();
    expect(odd).toMatchObject({
      schemaVersion: 2,
      anomalies: ['non_ascii'],
      paramsTruncated: true,
      unknownFields: ['plugins'],
      permissionMode: 'plan',
      effects: [{ kind: 'network', url: 'https://[masked: url credentials]@h/' }],
    });
    for (const field of ['anomalies', 'paramsTruncated', 'unknownFields', 'permissionMode', 'effects']) {
      expect(plain).not.toHaveProperty(field);
    }
  });

  it('has a record for the hook beside those of its calls where not all of them were decided', async () => {
    const verdict: RequestOutcome['verdict'] = { action: 'block', reason: 'pdp_timeout' };
    await serviceWith('drop').record(outcome({ verdict, failed: true }), [decided({}), decided({})], () => true);
    expect((await recorded()).map(({ phase, reason }) => [phase, reason])).toEqual([
      ['none', 'pdp_timeout'],
      ['executed', 'policy_denied'],
      ['executed', 'policy_denied'],
    ]);
  });

  it('states of each source how old its facts were and until when they hold', async () => {
    const prepared = outcome().prepared as NonNullable<RequestOutcome['prepared']>;
    const service = serviceWith('drop');
    await service.record(
      outcome({
        prepared: {
          ...prepared,
          sources: {
            pagerduty: {
              status: 'fresh',
              attributes: { onCall: true },
              ageSeconds: 40,
              freshUntil: Date.UTC(2026, 10, 5, 16),
              staleUntil: Date.UTC(2026, 10, 5, 17),
              revision: 'r7',
              origin: 'redis',
            },
            okta: { status: 'unavailable', attributes: {}, reason: 'source_timeout', origin: 'source' },
          },
        },
      }),
      [decided({ command: 'ls' })],
      () => true,
    );
    const [record] = await recorded();
    expect(record?.sources).toEqual({
      pagerduty: {
        status: 'fresh',
        ageSeconds: 40,
        freshUntil: '2026-11-05T16:00:00.000Z',
        staleUntil: '2026-11-05T17:00:00.000Z',
        revision: 'r7',
        origin: 'redis',
      },
      okta: { status: 'unavailable', reason: 'source_timeout', origin: 'source' },
    });
  });

  it('has one record for a hook without a decision', async () => {
    await serviceWith('drop').record(
      outcome({ verdict: { action: 'allow', reason: 'no_tool_call' } }),
      [],
      () => false,
    );
    expect(await recorded()).toMatchObject([{ phase: 'none', effect: 'ALLOW', reason: 'no_tool_call' }]);
  });

  it('lets a verdict leave unrecorded only if the setting allows it', async () => {
    const blocking = serviceWith('block', 100);
    expect(await blocking.record(outcome(), [], () => false)).toBe(false);
    spool.close();
    const dropping = serviceWith('drop', 100);
    expect(await dropping.record(outcome(), [], () => false)).toBe(true);
    expect(dropping.accepting()).toBe(true);
  });
});
