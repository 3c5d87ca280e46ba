import { type JsonObject } from '@iris/contracts';
import { type CheckRequest, type Pdp, PdpError, type PlanKind, type PlanRequest } from '@iris/pdp';
import { loadCatalog } from '@iris/tool-catalog';
import { beforeEach, describe, expect, it } from '@jest/globals';
import type { PreparedPrincipal } from '../shared/decided-call.js';
import type { DecisionRequest } from '../shared/decision-request.js';
import { requestOf } from '../testing/index.js';
import { MAX_PLANS_PER_HOOK, ToolPlans } from './tool-plans.js';

const TIMEOUT_MS = 5000;
const POLICIES = { resourceKind: 'aperture_hook', policyVersion: 'default', scope: '' };

const catalog = loadCatalog({
  text: `
environments: [{ name: production, patterns: [prod] }]
entries: [{ name: files, system: workstation, category: files, tools: { read: [Read] } }]
`,
});

const SESSION = { model: 'm', client: { name: 'claude-cli', version: '2' }, userAgent: 'claude-cli/2' };
const REQUEST = requestOf({ sessionAttributes: SESSION });

function principal(attr: JsonObject = {}, status = 'fresh', ageSeconds = 1): PreparedPrincipal {
  const all = { ...attr, context: { okta: { status, ageSeconds } } };
  return { principal: { id: 'ana', roles: ['user'], attr: all }, origins: {}, sources: {}, anonymous: false };
}

const tools = (...names: string[]) => names.map((name) => ({ name, key: `key of ${name}` }));

describe('ToolPlans', () => {
  let asked: PlanRequest[];
  let checked: CheckRequest[];
  let mayCallWithoutParameters: (tool: string) => boolean;
  let answer: (request: PlanRequest) => PlanKind;
  let plans: ToolPlans;

  beforeEach(() => {
    asked = [];
    answer = ({ action }) => (action.startsWith('drop') ? 'ALWAYS_DENIED' : 'CONDITIONAL');
    mayCallWithoutParameters = () => false;
    checked = [];
    const pdp: Pick<Pdp, 'plan' | 'check'> = {
      check: async (request) => {
        checked.push(request);
        return request.resources.map(({ action }) => ({
          effect: mayCallWithoutParameters(action) ? 'ALLOW' : 'DENY',
          policyFound: true,
          derivedRoles: [],
          outputs: [],
          schemaErrors: [],
          cerbosCallId: 'c',
        }));
      },
      plan: async (request) => {
        asked.push(request);
        return answer(request);
      },
    };
    plans = new ToolPlans(pdp as Pdp, catalog, POLICIES, { maxEntries: 1000, ttlMs: 60_000 });
  });

  const denied = async (
    names: string[],
    {
      of = principal(),
      from = REQUEST,
      revision = 'r1',
    }: { of?: PreparedPrincipal; from?: DecisionRequest; revision?: string } = {},
  ) => [...(await plans.alwaysDenied(from, of, tools(...names), revision, TIMEOUT_MS))];

  it('names the tools that are always denied, and no conditional one', async () => {
    expect(await denied(['Read', 'drop_a', 'Bash'])).toEqual(['key of drop_a']);
    expect(asked.map(({ action }) => action).sort()).toEqual(['Bash', 'Read', 'drop_a']);
  });

  it('asks with what is known of a declared tool, and leaves its parameters open', async () => {
    await denied(['Read'], { of: principal({ department: 'Engineering' }) });
    expect(asked).toMatchObject([
      {
        action: 'Read',
        kind: 'aperture_hook',
        principal: { id: 'ana', attr: { department: 'Engineering' } },
        attr: { phase: 'declared', category: 'files', operation: 'read', client: { name: 'claude-cli' }, model: 'm' },
      },
    ]);
    for (const open of ['params', 'paramsStatus', 'target', 'request', 'requestId', 'sessionId']) {
      expect(asked[0]?.attr).not.toHaveProperty(open);
    }
  });

  it('plans no tool that may be called without parameters, which one check covers', async () => {
    mayCallWithoutParameters = (tool) => tool.startsWith('tool');
    const names = Array.from({ length: 300 }, (_, index) => `${index % 3 === 0 ? 'drop' : 'tool'}_${index}`);
    expect(await denied(names)).toHaveLength(100);
    expect(asked).toHaveLength(100);
    expect(checked).toHaveLength(1);
    expect(checked[0]?.resources).toHaveLength(300);
    expect(checked[0]?.resources[1]).toMatchObject({
      action: 'tool_1',
      attr: { phase: 'declared', params: {}, paramsStatus: 'empty', client: { name: 'claude-cli' } },
    });
    await denied(names);
    expect([asked.length, checked.length]).toEqual([100, 1]);
  });

  it('asks nothing when warm, for hundreds of tools, whatever the request and however old the facts', async () => {
    mayCallWithoutParameters = (tool) => tool.startsWith('tool');
    const names = Array.from({ length: 300 }, (_, index) => `${index % 3 === 0 ? 'drop' : 'tool'}_${index}`);
    const first = await denied(names);
    expect(first).toHaveLength(100);
    const later = { ...REQUEST, requestId: 'r2', sessionId: 's2' };
    expect(await denied(names, { of: principal({}, 'fresh', 299), from: later })).toEqual(first);
    expect([asked.length, checked.length]).toEqual([100, 1]);
  });

  it('asks for so many plans per hook, continues with the next ones, and forgets none of the earlier ones', async () => {
    const names = Array.from({ length: 250 }, (_, index) => `drop_${index}`);
    const turns: number[] = [];
    for (let turn = 0; turn < 3; turn += 1) turns.push((await denied(names)).length);
    expect(turns).toEqual([MAX_PLANS_PER_HOOK, 2 * MAX_PLANS_PER_HOOK, 250]);
    expect(asked).toHaveLength(250);
    // Other facts need other plans. What was known of the person counts until they are made.
    const newFacts = { of: principal({ onCall: true }) };
    expect(await denied(names, newFacts)).toHaveLength(250);
    expect(asked).toHaveLength(250 + MAX_PLANS_PER_HOOK);
  });

  it('asks again for other facts, another client, another revision', async () => {
    await denied(['Read']);
    await denied(['Read'], { of: principal({ onCall: true }) });
    await denied(['Read'], { from: { ...REQUEST, sessionAttributes: { ...SESSION, userAgent: 'curl/8' } } });
    await denied(['Read'], { revision: 'r2' });
    await denied(['Read'], {
      of: { ...principal(), principal: { ...principal().principal, roles: ['user', 'admin'] } },
    });
    expect(asked).toHaveLength(5);
  });

  it('asks once for a tool that two requests need at the same time', async () => {
    await Promise.all([denied(['drop_a']), denied(['drop_a'])]);
    expect(asked).toHaveLength(1);
  });

  it('keeps a tool whose plan cannot be had, and asks again next time', async () => {
    answer = () => {
      throw new PdpError('pdp_unavailable', 'away');
    };
    expect(await denied(['drop_a'])).toEqual([]);
    answer = () => 'ALWAYS_DENIED';
    expect(await denied(['drop_a'])).toEqual(['key of drop_a']);
  });

  it('does not flap while a source is unavailable: what was known with all facts stands, and nothing is made up', async () => {
    expect(await denied(['Read', 'drop_a'])).toEqual(['key of drop_a']);
    answer = () => 'ALWAYS_DENIED';
    const away = { of: principal({}, 'unavailable') };
    expect(await denied(['Read', 'drop_a', 'new_tool'], away)).toEqual(['key of drop_a']);
    expect(asked).toHaveLength(2);
  });

  it('keeps tools of servers apart from tools of the same name', async () => {
    const named = [
      { name: 'x', key: 'plain' },
      { name: 'x', server: 'drop', key: 'of server' },
    ];
    answer = ({ attr }) => (JSON.stringify(attr).includes('"server":"drop"') ? 'ALWAYS_DENIED' : 'CONDITIONAL');
    expect([...(await plans.alwaysDenied(REQUEST, principal(), named, 'r1', TIMEOUT_MS))]).toEqual(['of server']);
  });
});
