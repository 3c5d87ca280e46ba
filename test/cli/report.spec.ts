import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EvidenceRecord } from '@iris/evidence';
import { cerbosBinary } from '@iris/local-pdp';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { packCases, recordOf } from '../bench/case-evidence.js';
import { openInChromium } from './chromium.js';
import { runIris } from './run-iris.js';

interface Reported {
  readonly calls: number;
  readonly repeatedCalls: number;
  readonly withoutCall: number;
  readonly totals: { allowed: number; wouldBlock: number; blocked: number };
  readonly tools: { tool: string; people: number; wouldBlock: number; inCatalog: boolean }[];
  readonly uncategorised: { tool: string }[];
  readonly unrecognised: { tool: string }[];
  readonly denyingRules: { name: string; wouldBlock: number }[];
  readonly shadowDifferences: { tool: string; newlyDenied: number; newlyAllowed: number }[];
  readonly suggestedRules: { name: string; tools: string[]; environment?: string; operation: string }[];
  readonly left: { tool: string; why: string }[];
}

const HOSTILE = '<img src=x onerror=alert(1)>"\'&';
let folder: string;
let records: EvidenceRecord[];
let evidence: string;
/** The same calls, each allowed, as the observe pack decides them. */
let allowed: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'iris-report-'));
  const cases = packCases().map(recordOf);
  const [first, second] = cases as [EvidenceRecord, EvidenceRecord];
  records = [
    ...cases,
    // The same call decided by two events, a hook without a call, a second opinion, and a name that attacks the page.
    { ...recordOf(await firstCase(), 5000), decisionKey: 'a'.repeat(64) },
    { ...recordOf(await firstCase(), 5001), decisionKey: 'a'.repeat(64) },
    { ...first, id: `${first.id}x`, resource: undefined, action: undefined, replay: undefined, phase: 'none' },
    {
      ...second,
      id: `${second.id}x`,
      mode: 'shadow',
      effect: 'DENY',
      shadowOf: { policyVersion: 'default', effect: 'ALLOW' },
    },
    { ...recordOf(await firstCase(), 200_000), action: HOSTILE, catalogEntry: undefined },
  ];
  evidence = join(folder, 'evidence.jsonl');
  await writeFile(evidence, records.map((record) => JSON.stringify(record)).join('\n'));
  allowed = join(folder, 'allowed.jsonl');
  const all = records.filter(({ mode }) => mode !== 'shadow').map((record) => ({ ...record, effect: 'ALLOW' }));
  await writeFile(allowed, all.map((record) => JSON.stringify(record)).join('\n'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function firstCase() {
  const [first] = packCases();
  if (first === undefined) throw new Error('the pack has cases');
  return first;
}

describe('report', () => {
  it('counts each call once, and what enforcement would have stopped', async () => {
    const report = (await runIris(['report', '--json', evidence])).json<Reported>();
    const decided = records.slice(0, -5);
    expect(report).toMatchObject({ calls: decided.length + 2, repeatedCalls: 1, withoutCall: 1 });
    expect(report.totals.wouldBlock).toBe(decided.filter(({ effect }) => effect === 'DENY').length);
    expect(report.totals.blocked).toBe(0);
    expect(report.shadowDifferences).toEqual([{ tool: records[1]?.action, newlyDenied: 1, newlyAllowed: 0 }]);
    const hr = records.filter(({ action }) => action === report.tools[1]?.tool);
    expect(report.tools[1]?.people).toBe(new Set(hr.map(({ principal }) => principal.id)).size);
    expect(report.uncategorised.map(({ tool }) => tool)).toContain(HOSTILE);
    expect(report.denyingRules.find(({ name }) => name.endsWith('#uncategorised-tool'))?.wouldBlock).toBeGreaterThan(0);
  });

  it('lists kinds that no format lists by themselves, and never suggests a rule for one', async () => {
    const kind = 'unrecognised:anthropic-messages:memory_recall';
    const record = recordOf(await firstCase(), 300_000);
    const { resource } = record;
    if (resource === undefined) throw new Error('a decided call has a resource');
    const file = join(folder, 'kinds.jsonl');
    const seen = {
      ...record,
      action: kind,
      catalogEntry: undefined,
      resource: { ...resource, attr: { ...resource.attr, category: 'unrecognised' } },
    };
    await writeFile(file, JSON.stringify(seen));
    const report = (await runIris(['report', '--json', '--min-calls', '1', file])).json<Reported>();
    expect(report.unrecognised).toMatchObject([{ tool: kind }]);
    expect(report.uncategorised).toEqual([]);
    const text = await runIris(['report', file]);
    expect(text.out).toContain('admitted below recognised: in the catalog');
  });

  it('suggests narrow rules for what was seen, and leaves what a person has to decide', async () => {
    const report = (await runIris(['report', '--json', '--min-calls', '1', allowed])).json<Reported>();
    expect(report.suggestedRules.length).toBeGreaterThan(5);
    for (const rule of report.suggestedRules) {
      expect(['read', 'write', 'execute']).toContain(rule.operation);
      expect(rule.environment).not.toBe('production');
      expect(rule.tools.every((tool) => records.some(({ action }) => action === tool))).toBe(true);
    }
    const reasons = report.left.map(({ why }) => why);
    expect(reasons).toEqual(
      expect.arrayContaining(['it acts on production', 'the operation is export', 'the tool is not in the catalog']),
    );
    const strict = (await runIris(['report', '--json', '--min-calls', '100', allowed])).json<Reported>();
    expect(strict.suggestedRules.length).toBeLessThan(report.suggestedRules.length);
  });

  it('suggests nothing that the policies denied, and reports it; the draft changes no denial', async () => {
    const draft = join(folder, 'never-denied');
    const run = await runIris(['report', '--json', '--min-calls', '1', '--draft', draft, evidence]);
    const report = run.json<Reported>();
    expect(report.left.map(({ why }) => why)).toContainEqual(
      expect.stringMatching(/^the policies denied it \d+ times$/),
    );
    const again = ['replay', '--json', '--policies', draft, '--policy-version', 'candidate', evidence];
    const { changes } = (await runIris([...again, '--list', '10000'])).json<{
      changes: { to: string; tool: string }[];
    }>();
    expect(changes.filter(({ to }) => to === 'ALLOW')).toEqual([]);
  }, 120_000);

  it('writes a draft that compiles, whose tests pass, and that fails when a rule is widened', async () => {
    const draft = join(folder, 'draft');
    const run = await runIris(['report', '--min-calls', '1', '--draft', draft, allowed]);
    expect(run).toMatchObject({ code: 0, err: expect.stringContaining('its tests pass') });
    expect(compile(draft)).toMatchObject({ status: 0 });

    const policy = join(draft, 'aperture_hook.yaml');
    const text = await readFile(policy, 'utf8');
    await writeFile(policy, text.replace(/"department" in P\.attr && P\.attr\.department == "[^"]+"/, 'true'));
    expect(compile(draft).status).not.toBe(0);
  });

  it.each(['light', 'dark'] as const)(
    'shows tables and plots in a real browser, in %s, and complains about nothing',
    async (scheme) => {
      const html = join(folder, 'report.html');
      await runIris(['report', '--html', html, '--min-calls', '1', evidence]);
      const { page, complaints, requests, close } = await openInChromium(html, scheme);
      try {
        await expect(page.title()).resolves.toBe('Tool use seen by Iris');
        for (const id of ['plot-time', 'plot-tools', 'plot-matrix']) {
          const plot = page.locator(`svg#${id}`);
          const box = await plot.boundingBox();
          expect(box?.width).toBeGreaterThan(600);
          expect(await plot.locator('rect').count()).toBeGreaterThan(3);
          await expect(plot.getAttribute('role')).resolves.toBe('img');
        }
        for (const section of ['tools', 'rules', 'uncategorised', 'people', 'shadow', 'draft']) {
          const rows = page.locator(`section[aria-labelledby="${section}-heading"] tbody tr`);
          expect(await rows.count()).toBeGreaterThan(0);
        }
        // Names from evidence are shown as the text they are.
        expect(await page.locator('img, script, iframe').count()).toBe(0);
        expect(await page.getByText(HOSTILE, { exact: true }).count()).toBeGreaterThan(0);

        const [ground, ink] = await page.evaluate<string[]>(
          '[getComputedStyle(document.body).backgroundColor, getComputedStyle(document.body).color]',
        );
        const isDark = luminance(ground ?? '') < luminance(ink ?? '');
        expect(isDark).toBe(scheme === 'dark');
        const shot = process.env.IRIS_SCREENSHOTS;
        if (shot !== undefined) await page.screenshot({ path: join(shot, `report-${scheme}.png`), fullPage: true });
        expect(complaints).toEqual([]);
        expect(requests.filter((url) => !url.startsWith('data:'))).toEqual([]);
      } finally {
        await close();
      }
    },
  );

  it('reports what it can without evidence', async () => {
    const empty = join(folder, 'empty.jsonl');
    await writeFile(empty, '');
    const html = join(folder, 'empty.html');
    await expect(runIris(['report', empty, '--html', html])).resolves.toMatchObject({ code: 0 });
    await expect(readFile(html, 'utf8')).resolves.toContain('nothing seen');
  });
});

function compile(folderOfPolicies: string) {
  return spawnSync(cerbosBinary(), ['compile', '--color=never', folderOfPolicies], { encoding: 'utf8' });
}

/** Of `rgb(r, g, b)`, roughly. */
function luminance(colour: string): number {
  return (colour.match(/\d+/g) ?? []).slice(0, 3).reduce((sum, part) => sum + Number(part), 0);
}
