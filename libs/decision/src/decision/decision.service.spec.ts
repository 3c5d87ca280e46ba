import { type JsonObject, type ToolCall } from '@iris/contracts';
import { type CheckRequest, type CheckResult, type Pdp, type PdpCall, PdpError } from '@iris/pdp';
import { loadCatalog } from '@iris/tool-catalog';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { EffectsOfCalls } from '../effects/index.js';
import type { DecidedCall, PreparedPrincipal } from '../shared/decided-call.js';
import { requestOf } from '../testing/index.js';
import { DecisionService } from './decision.service.js';

const POLICIES = { resourceKind: 'aperture_hook', policyVersion: 'default', scope: '' };
const MAX_PARAMS_BYTES = 4096;
const catalog = loadCatalog({
  text: 'entries: [{ name: files, system: workstation, category: files, tools: { read: [Read] } }]\nenvironments: [{ name: production, patterns: [prod] }]',
});

const request = requestOf({ requestId: 'r1' });
const ana: PreparedPrincipal = {
  principal: { id: 'ana', roles: ['user'], attr: {} },
  origins: {},
  sources: {},
  anonymous: false,
};

function call(id: string, params: JsonObject = {}, rest: Partial<ToolCall> = {}): ToolCall {
  return { id, name: 'Read', phase: 'executed', paramsStatus: 'ok', params, ...rest };
}

function answer(rest: Partial<CheckResult> = {}): CheckResult {
  return {
    effect: 'ALLOW',
    policyFound: true,
    derivedRoles: [],
    outputs: [],
    schemaErrors: [],
    cerbosCallId: 'c1',
    ...rest,
  };
}

describe('DecisionService', () => {
  let asked: CheckRequest[];
  let check: (request: CheckRequest, options: PdpCall) => Promise<CheckResult[]>;
  let service: DecisionService;
  const pdp: Pick<Pdp, 'check'> = {
    check: (request, options) => {
      asked.push(request);
      return check(request, options);
    },
  };

  beforeEach(() => {
    asked = [];
    check = async ({ resources }) => resources.map(() => answer());
    service = new DecisionService(pdp as Pdp, catalog, new EffectsOfCalls(catalog), POLICIES, {
      maxParamsBytes: MAX_PARAMS_BYTES,
    });
  });

  const useShippedCatalog = () => {
    const shipped = loadCatalog({ path: 'policies/catalog.yaml' });
    service = new DecisionService(pdp as Pdp, shipped, new EffectsOfCalls(shipped), POLICIES, {
      maxParamsBytes: MAX_PARAMS_BYTES,
    });
  };

  const decide = (calls: readonly ToolCall[], onDecided?: (part: readonly DecidedCall[]) => void, of = ana) =>
    service.decide(request, of, calls, new Map(), 1000, undefined, onDecided);

  it('asks nothing about no call', async () => {
    expect(await decide([])).toEqual([]);
    expect(asked).toEqual([]);
  });

  it.each<[string, Partial<CheckResult>, boolean, object]>([
    ['an allow', {}, false, { effect: 'ALLOW', reason: 'policy_allowed' }],
    ['a deny', { effect: 'DENY' }, false, { effect: 'DENY', reason: 'policy_denied' }],
    ['a deny of nobody', { effect: 'DENY' }, true, { effect: 'DENY', reason: 'anonymous_principal' }],
    ['no policy', { effect: 'DENY', policyFound: false }, false, { effect: 'DENY', reason: 'no_policy_match' }],
    [
      'attributes that the schemas refuse',
      { effect: 'DENY', schemaErrors: ['RESOURCE/quotas'] },
      false,
      {
        effect: 'DENY',
        reason: 'attributes_rejected',
        message: 'The schemas of the policies refuse these attributes: RESOURCE/quotas.',
      },
    ],
    [
      'attributes that the schemas only warn of',
      { schemaErrors: ['RESOURCE/quotas'] },
      false,
      { effect: 'ALLOW', reason: 'policy_allowed', message: undefined },
    ],
  ])('gives %s its own reason', async (_title, result, anonymous, expected) => {
    check = async () => [answer(result)];
    const [decided] = await decide([call('t1')], undefined, { ...ana, anonymous });
    expect(decided?.decision).toMatchObject(expected);
  });

  it.each<[string, JsonObject, string]>([
    ['too large', { sql: 'DROP TABLE x', pad: 'x'.repeat(5 * 1024 * 1024) }, 'call_too_large'],
    ['too complex', { list: Array.from({ length: 30_000 }, () => 1) }, 'call_too_complex'],
  ])('denies a call that is %s by itself and judges the others', async (_title, params, reason) => {
    const decided = await decide([call('t1'), call('t2', params), call('t3')]);
    expect(decided.map(({ decision }) => [decision.call.id, decision.effect, decision.reason])).toEqual([
      ['t1', 'ALLOW', 'policy_allowed'],
      ['t2', 'DENY', reason],
      ['t3', 'ALLOW', 'policy_allowed'],
    ]);
    expect(decided[1]?.decision.observe).toBe(false);
    expect(decided[1]?.attr).toMatchObject({ paramsTruncated: true, category: 'files' });
    expect(asked.flatMap(({ resources }) => resources.map(({ id }) => id))).toEqual(['t1', 't3']);
  });

  it('denies it also while the PDP gives no decision', async () => {
    check = async () => {
      throw new PdpError('pdp_unavailable', 'away');
    };
    const known: DecidedCall[] = [];
    const calls = [call('t1'), call('t2', { pad: 'x'.repeat(5 * 1024 * 1024) })];
    await expect(decide(calls, (part) => known.push(...part))).rejects.toThrow('away');
    expect(known.map(({ decision }) => [decision.call.id, decision.reason])).toEqual([['t2', 'call_too_large']]);
  });

  it('sends long texts as a mark with their digest, and marks it', async () => {
    const [decided] = await decide([call('t1', { sql: 'DROP TABLE x', pad: 'x'.repeat(MAX_PARAMS_BYTES) })]);
    const attr = asked[0]?.resources[0]?.attr;
    expect(attr).toMatchObject({
      paramsTruncated: true,
      params: { sql: 'DROP TABLE x', pad: expect.stringMatching(/^\[cut: 4096 characters, sha256 [0-9a-f]{64}\]$/) },
    });
    expect(decided?.attr).toEqual(attr);
    expect(JSON.stringify(attr).length).toBeLessThan(MAX_PARAMS_BYTES);
  });

  it('sends long ids as their digest and keeps equal ones apart', async () => {
    const long = 'i'.repeat(5000);
    await decide([call(long), call(long), call('t1'), call('t1'), call('')]);
    const ids = asked[0]?.resources.map(({ id }) => id) ?? [];
    expect(new Set(ids).size).toBe(5);
    expect(Math.max(...ids.map(({ length }) => length))).toBeLessThan(100);
  });

  it('gives on decisions as parts of a large check arrive, each once, and all of them in the order of the calls', async () => {
    const calls = Array.from({ length: 5 }, (_, index) => call(`t${index}`, { index }));
    check = async ({ resources }, { onPart }) => {
      const results = resources.map((_, index) => answer({ effect: index % 2 === 0 ? 'ALLOW' : 'DENY' }));
      onPart?.(3, results.slice(3));
      onPart?.(0, results.slice(0, 3));
      return results;
    };
    const parts: string[][] = [];
    const decided = await decide(calls, (part) => parts.push(part.map(({ decision }) => decision.call.id)));
    expect(parts).toEqual([
      ['t3', 't4'],
      ['t0', 't1', 't2'],
    ]);
    expect(decided.map(({ decision }) => [decision.call.id, decision.effect])).toEqual([
      ['t0', 'ALLOW'],
      ['t1', 'DENY'],
      ['t2', 'ALLOW'],
      ['t3', 'DENY'],
      ['t4', 'ALLOW'],
    ]);
  });

  it('gives on decisions also where the PDP answers as a whole', async () => {
    const known: DecidedCall[] = [];
    const decided = await decide([call('a'), call('b')], (part) => known.push(...part));
    expect(known).toEqual(decided);
  });

  it('keeps what was answered before the PDP failed', async () => {
    check = async (_request, { onPart }) => {
      onPart?.(0, [answer(), answer({ effect: 'DENY' })]);
      throw new PdpError('pdp_timeout', 'late');
    };
    const known: DecidedCall[] = [];
    await expect(decide([call('a'), call('b'), call('c')], (part) => known.push(...part))).rejects.toThrow('late');
    expect(known.map(({ decision }) => [decision.call.id, decision.effect])).toEqual([
      ['a', 'ALLOW'],
      ['b', 'DENY'],
    ]);
  });

  it('asks about each effect of a call beside the call, and allows it only if all are allowed', async () => {
    useShippedCatalog();
    const command = 'psql -h orders-prod.db.lumen.example -c "select 1"; kubectl delete pod a';
    const shell: ToolCall = { id: 'b1', name: 'Bash', phase: 'executed', paramsStatus: 'ok', params: { command } };
    const read: ToolCall = {
      id: 'r1',
      name: 'Read',
      phase: 'executed',
      paramsStatus: 'ok',
      params: { file_path: '/x' },
    };
    check = async ({ resources }) =>
      resources.map(({ attr }) => answer(attr.category === 'database' ? { effect: 'DENY' } : {}));
    const parts: string[][] = [];
    const decided = await decide([shell, read], (each) => parts.push(each.map(({ decision }) => decision.call.id)));
    expect(decided.map(({ decision: { effect } }) => effect)).toEqual(['DENY', 'ALLOW']);
    const [question] = asked;
    expect(new Set(question?.resources.map(({ id }) => id)).size).toBe(question?.resources.length);
    expect(question?.resources.map(({ attr }) => attr.category)).toEqual(
      expect.arrayContaining(['shell', 'database', 'files']),
    );
    const database = question?.resources.find(({ attr }) => attr.category === 'database');
    expect(database).toMatchObject({ action: 'Bash', attr: { environment: 'production', paramsStatus: 'ok' } });
    expect(database?.attr.params).toBeUndefined();
    expect(decided[0]?.decision.message).toMatch(/^psql on orders-prod\.db\.lumen\.example: /);
  });

  it('reports a call once all its parts are answered, in whatever pieces they come', async () => {
    useShippedCatalog();
    const command = 'psql -h orders-prod.db.lumen.example -c "select 1"';
    const shell: ToolCall = { id: 'b1', name: 'Bash', phase: 'executed', paramsStatus: 'ok', params: { command } };
    const reported: number[] = [];
    check = async ({ resources }, { onPart }) => {
      const answers = resources.map(() => answer());
      for (const [index, each] of answers.entries()) {
        expect(reported).toEqual([]);
        onPart?.(answers.length - 1 - index, [each]);
      }
      return answers;
    };
    await decide([shell], (each) => reported.push(each.length));
    expect(reported).toEqual([1]);
  });

  it('denies a command that is too complex to be read, without a question about it', async () => {
    useShippedCatalog();
    const command = `${'true; '.repeat(20_000)}ls`;
    const shell: ToolCall = { id: 'b1', name: 'Bash', phase: 'executed', paramsStatus: 'ok', params: { command } };
    const [only] = await decide([shell]);
    expect(only?.decision).toMatchObject({ effect: 'DENY', reason: 'call_too_complex' });
    expect(asked).toEqual([]);
  });
});
