import { readFileSync } from 'node:fs';
import { type JsonObject } from '@iris/contracts';
import { ToolPlans } from '@iris/decision';
import { requestOf } from '@iris/decision/testing';
import { CerbosPdp, type CheckResult, type PlanKind, parseGoldenChecks, runGoldenChecks } from '@iris/pdp';
import { loadCatalog } from '@iris/tool-catalog';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parse } from 'yaml';
import { startPdp } from '../../apps/sandbox/src/mesh/pdp.js';

const ROOT = process.cwd();
const TIMEOUT = { timeoutMs: 10_000 };
const catalog = loadCatalog({ path: 'policies/catalog.yaml' });
const golden = parseGoldenChecks(parse(readFileSync('policies/golden.yaml', 'utf8')));

interface Person {
  readonly roles: readonly string[];
  readonly attr: JsonObject;
}

function person(attr: JsonObject, roles = ['user']): Person {
  return {
    roles,
    attr: {
      kind: 'user',
      employmentStatus: 'active',
      okta: { live: true },
      context: { pagerduty: { status: 'fresh' } },
      tailscale: { device: { managed: true } },
      ...attr,
    },
  };
}

const PEOPLE = {
  engineer: person({ department: 'Engineering' }),
  onCall: person({ department: 'Engineering', onCall: true }),
  sales: person({ department: 'Sales' }),
  salesManager: person({ department: 'Sales', groups: ['Sales Managers'] }),
  peopleOps: person({ department: 'People Operations' }),
  terminated: person({ department: 'Engineering', onCall: true, employmentStatus: 'terminated' }, ['user', 'admin']),
  manyRoles: person({ department: 'Engineering' }, ['billing', 'user', 'tagged-device']),
  unknown: { roles: ['user'], attr: { kind: 'user' } },
  taggedDevice: { roles: ['tagged-device'], attr: { kind: 'tagged-device' } },
} satisfies Record<string, Person>;

const DECLARED = [
  ...['Read', 'Bash', 'Write', 'WebFetch', 'unheard_of', 'drop_database', 'mcp__postgres__query'],
  ...['mcp__postgres-prod__query', 'mcp__jira__jira_search', 'mcp__salesforce__run_soql_query'],
  ...['mcp__salesforce__delete_record', 'mcp__workday__get_compensation', 'mcp__pagerduty__list_oncalls'],
];

/** What a call is, as the gateway would say it. */
function callAttributes(name: string, params?: JsonObject): JsonObject {
  const { tool, classification } = catalog.classify({ name, params });
  return structuredClone({ tool, ...classification, client: { name: 'claude-cli' } }) as unknown as JsonObject;
}

describe('the shipped policies on a real PDP', () => {
  let pdp: CerbosPdp;
  let stop: () => Promise<unknown>;

  beforeAll(async () => {
    const server = await startPdp({ root: ROOT });
    pdp = new CerbosPdp({ target: server.target, tls: false });
    stop = () => server.process.stop();
  });

  afterAll(async () => {
    pdp.close();
    await stop();
  });

  async function check(who: Person, name: string, params: JsonObject, policyVersion = 'default'): Promise<CheckResult> {
    const [result] = await pdp.check(
      {
        principal: { id: 'someone', ...who },
        resources: [
          {
            kind: 'aperture_hook',
            id: 'call',
            action: name,
            attr: { ...callAttributes(name, params), params, paramsStatus: 'ok', phase: 'executed' },
          },
        ],
        policyVersion,
        scope: '',
        requestId: 'test',
      },
      TIMEOUT,
    );
    if (result === undefined) throw new Error('no result');
    return result;
  }

  /** Asks for a declaration: what is known of the tool, and nothing of its parameters. */
  function plan(who: Person, name: string): Promise<PlanKind> {
    return pdp.plan(
      {
        principal: { id: 'someone', ...who },
        kind: 'aperture_hook',
        action: name,
        attr: { ...callAttributes(name), phase: 'declared' },
        policyVersion: 'default',
        scope: '',
        requestId: 'test',
      },
      TIMEOUT,
    );
  }

  it('answers every golden check, and proves strict evaluation', async () => {
    expect(await runGoldenChecks(pdp, golden, 10_000)).toEqual({ reachable: true, strict: true, failures: [] });
  });

  it('is found out when strict evaluation is off', async () => {
    const server = await startPdp({ root: ROOT, set: ['engine.strictEvaluation=false'] });
    const lenient = new CerbosPdp({ target: server.target, tls: false });
    try {
      const report = await runGoldenChecks(lenient, golden, 10_000);
      expect(report.strict).toBe(false);
      expect(report.failures).toEqual(['an unknown fact denies: expected DENY, the PDP answered ALLOW']);
    } finally {
      lenient.close();
      await server.process.stop();
    }
  });

  it('denies a terminated person in every role, with the reason', async () => {
    const result = await check(PEOPLE.terminated, 'Read', { file_path: '/a' });
    expect(result.effect).toBe('DENY');
    expect(result.outputs.map(({ source }) => source)).toContain('resource.aperture_hook.vdefault#inactive-account');
    expect((await check(PEOPLE.manyRoles, 'Read', { file_path: '/a' })).effect).toBe('ALLOW');
  });

  it('allows in the observe pack what the enforcement pack denies', async () => {
    expect((await check(PEOPLE.terminated, 'drop_database', {})).effect).toBe('DENY');
    expect((await check(PEOPLE.terminated, 'drop_database', {}, 'observe')).effect).toBe('ALLOW');
  });

  it.each<[keyof typeof PEOPLE, string, PlanKind]>([
    ['engineer', 'mcp__postgres__drop_database', 'ALWAYS_DENIED'],
    ['onCall', 'mcp__postgres__drop_database', 'ALWAYS_DENIED'],
    ['manyRoles', 'drop_database', 'ALWAYS_DENIED'],
    ['engineer', 'mcp__acme__frobnicate', 'ALWAYS_DENIED'],
    ['engineer', 'Bash', 'CONDITIONAL'],
    ['manyRoles', 'Bash', 'CONDITIONAL'],
    ['sales', 'Bash', 'ALWAYS_DENIED'],
    ['sales', 'Read', 'CONDITIONAL'],
    ['engineer', 'mcp__postgres__query', 'CONDITIONAL'],
    ['onCall', 'mcp__postgres__query', 'CONDITIONAL'],
    ['engineer', 'mcp__postgres-prod__query', 'ALWAYS_DENIED'],
    ['onCall', 'mcp__postgres-prod__query', 'CONDITIONAL'],
    ['sales', 'mcp__postgres__query', 'ALWAYS_DENIED'],
    ['sales', 'mcp__salesforce__run_soql_query', 'CONDITIONAL'],
    ['sales', 'mcp__salesforce__delete_record', 'ALWAYS_DENIED'],
    ['salesManager', 'mcp__salesforce__delete_record', 'CONDITIONAL'],
    ['peopleOps', 'mcp__workday__get_compensation', 'CONDITIONAL'],
    ['engineer', 'mcp__workday__get_compensation', 'ALWAYS_DENIED'],
    ['terminated', 'Read', 'ALWAYS_DENIED'],
    ['unknown', 'Read', 'ALWAYS_DENIED'],
    ['taggedDevice', 'Read', 'ALWAYS_DENIED'],
  ])('plans for %s and %s: %s', async (who, name, kind) => {
    expect(await plan(PEOPLE[who], name)).toBe(kind);
  });

  it('never plans ALWAYS_DENIED for a tool of which some call is allowed', async () => {
    const names = [
      'Read',
      'Bash',
      'Write',
      'mcp__postgres__execute_query',
      'mcp__postgres-prod__query',
      'mcp__jira__jira_search',
    ];
    const more = ['mcp__salesforce__run_soql_query', 'mcp__salesforce__bulk_export', 'mcp__workday__get_worker'];
    const hosts = ['orders-prod.db.lumen.example', 'orders-staging.db.lumen.example', 'db7.lumen.example', 'localhost'];
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...Object.values(PEOPLE)),
        fc.constantFrom(...names, ...more),
        fc.option(fc.constantFrom(...hosts), { nil: undefined }),
        async (who, name, host) => {
          const { effect } = await check(who, name, host === undefined ? {} : { host });
          fc.pre(effect === 'ALLOW');
          expect(await plan(who, name)).not.toBe('ALWAYS_DENIED');
        },
      ),
      { numRuns: 60 },
    );
  });

  it.each(Object.keys(PEOPLE))('strips for %s what planning every tool alone would strip', async (name) => {
    const who = PEOPLE[name as keyof typeof PEOPLE];
    const plans = new ToolPlans(
      pdp,
      catalog,
      { resourceKind: 'aperture_hook', policyVersion: 'default', scope: '' },
      { maxEntries: 1000, ttlMs: 60_000 },
    );
    const request = requestOf({
      sessionAttributes: { client: { name: 'claude-cli', version: '2' }, userAgent: 'claude-cli/2' },
    });
    const prepared = { principal: { id: 'someone', ...who }, origins: {}, sources: {}, anonymous: false };
    const tools = DECLARED.map((tool) => ({ name: tool, key: tool }));
    const denied = await plans.alwaysDenied(request, prepared, tools, 'r', 60_000);
    const kinds = await Promise.all(DECLARED.map((tool) => plan(who, tool)));
    expect([...denied].sort()).toEqual(DECLARED.filter((_, index) => kinds[index] === 'ALWAYS_DENIED').sort());
  });

  describe('tools that the providers run', () => {
    const WEB = [
      ...[
        'web_search',
        'web_search_preview',
        'web_fetch',
        'browser_search',
        'visit_website',
        'x_search',
        'googleSearch',
      ],
      ...['google_search', 'GOOGLE_SEARCH_WEB', 'googleSearchRetrieval', 'enterpriseWebSearch', 'exaAiSearch'],
      ...['parallelAiSearch', 'urlContext', 'url_context', 'googleMaps', 'google_maps', 'nova_grounding'],
      'openrouter:web_search',
    ];
    const DOCUMENTS = ['file_search', 'fileSearch', 'retrieval', 'azure_search'];
    const EVERYDAY = ['image_generation', 'advisor', 'memory', 'tool_search_tool_regex', 'openrouter:tool_search'];
    const CODE = [
      ...['code_interpreter', 'code_execution', 'bash_code_execution', 'text_editor_code_execution', 'codeExecution'],
      ...['programmatic_tool_calling', 'nova_code_interpreter', 'computer', 'computer_use', 'computerUse', 'shell'],
      ...['local_shell', 'apply_patch', 'str_replace_based_edit_tool', 'browser_automation'],
    ];

    it.each([...WEB, ...DOCUMENTS, ...EVERYDAY])('offer %s to every live person', async (name) => {
      expect(await plan(PEOPLE.sales, name)).not.toBe('ALWAYS_DENIED');
      expect((await check(PEOPLE.sales, name, {})).effect).toBe('ALLOW');
      expect((await check(PEOPLE.terminated, name, {})).effect).toBe('DENY');
      expect((await check(PEOPLE.unknown, name, {})).effect).toBe('DENY');
    });

    it.each(CODE)('offer %s to engineers', async (name) => {
      expect(await plan(PEOPLE.sales, name)).toBe('ALWAYS_DENIED');
      expect((await check(PEOPLE.sales, name, {})).effect).toBe('DENY');
      expect((await check(PEOPLE.terminated, name, {})).effect).toBe('DENY');
      expect(await plan(PEOPLE.engineer, name)).not.toBe('ALWAYS_DENIED');
      expect((await check(PEOPLE.engineer, name, {})).effect).toBe('ALLOW');
    });
  });

  it('denies every name that the catalog does not hold, however it looks', async () => {
    const listed = [
      'Read',
      'mcp__salesforce__run_soql_query',
      'mcp__postgres__list_tables',
      'bash',
      'mcp__github__get_me',
    ];
    const disguise = fc.constantFrom<(name: string) => string>(
      (name) => name.toUpperCase(),
      (name) => ` ${name}`,
      (name) => `${name}\u200b`,
      (name) => name.replace('e', '\u0435').replace('a', '\u0430'),
      (name) => name.replace(/[a-z]/, (letter) => String.fromCodePoint(letter.charCodeAt(0) + 0xfee0)),
      (name) => `${name}*`,
      (name) => `*:${name}`,
      (name) => `${name}__`,
    );
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.tuple(fc.constantFrom(...listed), disguise).map(([name, hide]) => hide(name)),
          fc.string({ minLength: 1, unit: 'binary' }).map((name) => name.toWellFormed()),
        ),
        async (name) => {
          fc.pre(!listed.includes(name) && catalog.classify({ name }).entry === undefined);
          expect((await check(PEOPLE.salesManager, name, {})).effect).toBe('DENY');
          expect((await check(PEOPLE.salesManager, name, {}, 'observe')).effect).toBe('ALLOW');
        },
      ),
      { numRuns: 100 },
    );
  });

  it('refuses a fact of a wrong type by its schema', async () => {
    const result = await check(person({ department: 'Engineering', projects: 'P1' }), 'Read', {});
    expect(result.effect).toBe('DENY');
    expect(result.schemaErrors).toHaveLength(1);
    expect(result.schemaErrors[0]).toContain('projects');
  });
});
