import { readFileSync } from 'node:fs';
import { effectAttributes, effectSummary } from '@iris/call-effects';
import type { JsonObject, ToolCall } from '@iris/contracts';
import { EffectsOfCalls } from '@iris/decision';
import { CerbosPdp } from '@iris/pdp';
import { loadCatalog } from '@iris/tool-catalog';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { startPdp } from '../../apps/sandbox/src/mesh/pdp.js';

const everyday = parse(readFileSync('libs/call-effects/src/everyday-commands.yaml', 'utf8')) as {
  readonly commands: Readonly<Record<string, readonly string[]>>;
  readonly flagged: readonly { readonly command: string; readonly reason: string }[];
};
const free = Object.values(everyday.commands).flat();
const flagged = everyday.flagged.map(({ command }) => command);

const catalog = loadCatalog({ path: 'policies/catalog.yaml' });
const effects = new EffectsOfCalls(catalog);

/** An engineer who is not on call. */
const ENGINEER = {
  id: 'someone',
  roles: ['user'],
  attr: {
    kind: 'user',
    department: 'Engineering',
    employmentStatus: 'active',
    okta: { live: true },
    onCall: false,
    context: { pagerduty: { status: 'fresh' } },
  },
};

/** The call, then each of its effects; the CMDB does not have their targets. */
function resourcesOf(command: string): JsonObject[] {
  const params = { command };
  const call: ToolCall = { id: 'c1', name: 'Bash', phase: 'executed', paramsStatus: 'ok', params };
  const { tool, classification } = catalog.classify(call);
  const attr = structuredClone({ tool, ...classification, params, paramsStatus: 'ok', phase: 'executed' }) as unknown;
  const own = { ...(attr as JsonObject), client: { name: 'claude-cli' } };
  const summaries = effects.checked(call).map((effect) => effectSummary(effect, { status: 'not_found' }));
  return [own, ...summaries.map((summary) => effectAttributes(own, summary))];
}

describe('everyday commands of an engineer who is not on call', () => {
  let pdp: CerbosPdp;
  let stop: () => Promise<unknown>;

  beforeAll(async () => {
    const server = await startPdp({ root: process.cwd() });
    pdp = new CerbosPdp({ target: server.target, tls: false });
    stop = () => server.process.stop();
  });
  afterAll(async () => {
    pdp.close();
    await stop();
  });

  async function isAllowed(command: string): Promise<boolean> {
    const resources = resourcesOf(command).map((attr, index) => ({
      kind: 'aperture_hook',
      id: `part${index}`,
      action: 'Bash',
      attr,
    }));
    const check = { principal: ENGINEER, resources, policyVersion: 'default', scope: '', requestId: 'test' };
    return (await pdp.check(check, { timeoutMs: 10_000 })).every(({ effect }) => effect === 'ALLOW');
  }

  it('are at least 300, and at most 1 % of them are denied: those that are listed with a reason', async () => {
    const denied: string[] = [];
    for (const command of [...free, ...flagged]) if (!(await isAllowed(command))) denied.push(command);
    expect(free.length).toBeGreaterThanOrEqual(300);
    expect(denied).toEqual(flagged);
    expect(denied.length).toBeLessThanOrEqual((free.length + flagged.length) / 100);
  });
});
