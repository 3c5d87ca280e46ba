import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { exactDuration } from '../../apps/console/web/src/text/format.js';
import { runIris } from '../cli/run-iris.js';
import { ConsoleBrowser, type Theme } from './console-browser.js';
import { type ConsoleMesh, DENIED, sendSample, sendSamples, startConsoleMesh } from './console-mesh.js';

let console_: ConsoleMesh;
let browser: ConsoleBrowser;

beforeAll(async () => {
  console_ = await startConsoleMesh();
  await sendSamples(console_);
  browser = await ConsoleBrowser.open(console_.url);
});

afterAll(async () => {
  await browser?.close();
  await console_?.close();
});

const rowsOf = (table: string) => browser.page.getByRole('region', { name: `${table}, table` }).locator('tbody tr');
const rows = () => rowsOf('Decisions, the newest first');

/** A decision of the denied sample, opened. */
async function openDenial(): Promise<string> {
  await browser.goTo(`/?person=${DENIED.person}&effect=DENY&force=enforced`);
  await rows().first().locator('a').first().click();
  await browser.page.getByRole('heading', { level: 1, name: DENIED.tool }).waitFor();
  await browser.settled();
  return decodeURIComponent(new URL(browser.page.url()).pathname.split('/')[2] ?? '');
}

interface KeptEntry {
  readonly field: string;
  readonly state: string;
  readonly observedAt: string;
  readonly freshUntil: string;
  readonly staleUntil: string;
  readonly ageSeconds: number;
}

async function keptEntries(): Promise<KeptEntry[]> {
  const redis = console_.mesh.redis?.url ?? '';
  return (await runIris(['context', 'show', DENIED.person, '--redis', redis, '--json'])).json<{
    entries: KeptEntry[];
  }>().entries;
}

describe('a reader', () => {
  it('sees a denied call live, filters for it and opens it', async () => {
    await browser.goTo('/');
    await browser.page.getByText('live', { exact: true }).waitFor();
    const before = await rows().count();
    const sent = Date.now();
    expect(await sendSample(console_, DENIED.index)).not.toBe('allow');
    await rows().nth(before).waitFor();
    console.log(`a denied call is shown ${Date.now() - sent} ms after the hook was sent`);
    await expect(rows().first().textContent()).resolves.toMatch(/Denied[\s\S]*enforced[\s\S]*ben@lumen\.example/);

    await browser.page.getByText('Filters', { exact: true }).click();
    await browser.page.getByLabel('Effect').selectOption('DENY');
    await browser.page.getByLabel('Person or device').fill(DENIED.person);
    await browser.page.keyboard.press('Enter');
    await browser.page.getByRole('button', { name: `Remove Person or device ${DENIED.person}` }).waitFor();
    expect(new URL(browser.page.url()).search).toBe(`?effect=DENY&person=${encodeURIComponent(DENIED.person)}`);
    await rows().first().waitFor();
    for (const text of await rows().allTextContents()) expect(text).toMatch(/den(ied|ies)[\s\S]*ben@lumen\.example/i);

    await openDenial();
    expect(await browser.page.locator('.why').first().textContent()).toMatch(/^Denied/);
  });

  it('chooses a period by a press on its bar', async () => {
    await browser.goTo('/');
    const bar = browser.page.locator('.u-over');
    const { width = 0, height = 0 } = (await bar.boundingBox()) ?? {};
    await bar.click({ position: { x: width - 8, y: height - 4 } });
    await browser.page.getByRole('button', { name: /^Remove From/ }).waitFor();
    expect([...new URL(browser.page.url()).searchParams.keys()]).toEqual(['from', 'to']);
  });

  it('sees the age of each fact to the second, as Redis has it', async () => {
    await sleep(2_500);
    const kept = new Map((await keptEntries()).map((entry) => [entry.field, Date.parse(entry.observedAt)]));
    await sendSample(console_, DENIED.index);
    await sleep(2_500);
    const id = await openDenial();
    const answer = await fetch(`${console_.url}/api/decisions/${id}`);
    const { summary } = (await answer.json()) as { summary: { time: string; totalMs: number } };
    const decided = Date.parse(summary.time);
    const facts = await rowsOf('Facts about the person').evaluateAll((found) =>
      found.map((row) => [...row.querySelectorAll('th, td')].map((cell) => cell.textContent ?? '')),
    );
    const dated = facts.filter(([, , source = '']) => kept.has(source));
    expect(dated.length).toBeGreaterThan(5);
    for (const [attribute, , source = '', , age] of dated) {
      const observed = kept.get(source) ?? 0;
      const possible = [decided - summary.totalMs - 5, decided].map((at) =>
        exactDuration(Math.floor((at - observed) / 1000)),
      );
      expect({ attribute, age: possible.includes(age ?? '') ? 'right' : `${age} is none of ${possible}` }).toEqual({
        attribute,
        age: 'right',
      });
    }
  });

  it('flips the decision in What if by the smallest change', async () => {
    await openDenial();
    await browser.page.getByRole('button', { name: 'Find by asking the PDP' }).click();
    await browser.page.getByRole('link', { name: 'Try in What if' }).first().click();
    await browser.page.locator('[data-effect=ALLOW]').waitFor();
    await browser.page
      .getByRole('button', { name: /^Reset / })
      .first()
      .click();
    await browser.page.locator('[data-effect=DENY]').waitFor();
  });

  it('sees of a person what iris context show prints', async () => {
    const before = await keptEntries();
    await browser.goTo(`/people/${DENIED.person}`);
    const shown = await rowsOf('Facts in Redis').evaluateAll((found) =>
      found.map((row) => ({
        cells: [...row.querySelectorAll('th, td')].map((cell) => cell.textContent ?? ''),
        times: [...row.querySelectorAll('time')].map((time) => time.getAttribute('datetime') ?? ''),
        age: Number.parseInt(row.querySelector('.age')?.getAttribute('title') ?? '', 10),
      })),
    );
    const after = await keptEntries();
    expect(shown.map(({ cells: [field], times }) => [field, ...times])).toEqual(
      before.map(({ field, freshUntil, staleUntil }) => [field, freshUntil, staleUntil]),
    );
    for (const [index, { age, cells }] of shown.entries()) {
      expect(age).toBeGreaterThanOrEqual(before[index]?.ageSeconds ?? 0);
      expect(age).toBeLessThanOrEqual(after[index]?.ageSeconds ?? 0);
      expect([before[index]?.state, after[index]?.state]).toContain((cells[2] ?? '').slice(2).replace(' ', '_'));
    }
  });

  it('sees the difference of a candidate that iris replay prints', async () => {
    await browser.goTo('/policies');
    await browser.page.getByLabel('Policy version').selectOption('candidate');
    await browser.page.getByRole('button', { name: 'Compare' }).click();
    await browser.page.locator('[data-state=finished]').waitFor();
    const numbers = await browser.page
      .locator('[data-number]')
      .evaluateAll((tiles) =>
        Object.fromEntries(
          tiles.map((tile) => [tile.getAttribute('data-number'), Number(tile.querySelector('dd')?.textContent)]),
        ),
      );
    const byTool = await rowsOf('Changes by tool').evaluateAll((found) =>
      found.map((row) => [...row.children].map((cell) => cell.textContent)),
    );
    const { evidenceDirectory = '' } = console_.mesh.console ?? {};
    const run = await runIris([
      ...['replay', '--json', evidenceDirectory],
      ...['--policies', console_.policies, '--policy-version', 'candidate'],
    ]);
    const replayed = run.json<
      Record<string, number> & { byTool: { name: string; toAllow: number; toDeny: number }[] }
    >();
    const { changed, masked, withoutCall, withoutPolicy, shadow } = replayed;
    expect(numbers).toEqual({ replayed: replayed.replayed, changed, masked, withoutCall, withoutPolicy, shadow });
    expect(byTool).toEqual(replayed.byTool.map(({ name, toAllow, toDeny }) => [name, `${toDeny}`, `${toAllow}`]));
    expect(changed).toBeGreaterThan(0);
  });

  it('meets no complaint of the browser anywhere', () => {
    expect(browser.complaints).toEqual([]);
  });
});

describe.each<Theme>(['light', 'dark'])('every page of the mesh, %s', (theme) => {
  it('has no accessibility violation and no complaint of the browser', async () => {
    const id = await openDenial();
    const other = await ConsoleBrowser.open(console_.url, theme);
    try {
      const paths = [
        '/',
        `/decisions/${id}`,
        `/what-if/${id}`,
        `/people/${DENIED.person}`,
        '/sessions/sess_ben',
        '/policies',
        '/health',
      ];
      for (const path of paths) {
        await other.goTo(path);
        await other.unfold();
        expect([path, await other.accessibilityViolations()]).toEqual([path, []]);
      }
      expect(other.complaints).toEqual([]);
    } finally {
      await other.close();
    }
    const health = (await (await fetch(`${console_.url}/api/health`)).json()) as { securityReports: number };
    expect(health.securityReports).toBe(0);
  });
});
