/** Screenshots of every page of the console over a running mesh, light and dark: `npm run screenshots`. */
import { mkdir } from 'node:fs/promises';
import { ConsoleBrowser, type Theme } from './console-browser.js';
import { type ConsoleMesh, DENIED, sendSample, sendSamples, startConsoleMesh } from './console-mesh.js';

const FOLDER = process.argv[2] ?? 'docs/console';
/** WebP of this quality keeps all pages below 1.5 MB. */
const QUALITY = 60;

async function pagesOf({ url }: ConsoleMesh): Promise<readonly (readonly [name: string, path: string])[]> {
  const found = await fetch(`${url}/api/decisions?person=${DENIED.person}&effect=DENY&force=enforced&limit=1`);
  const { decisions } = (await found.json()) as { decisions: readonly { id: string }[] };
  const [{ id = '' } = {}] = decisions;
  const change = JSON.stringify([{ of: 'principal', path: 'onCall', to: true }]);
  return [
    ['live', '/'],
    ['decision', `/decisions/${id}`],
    ['what-if', `/what-if/${id}?changes=${encodeURIComponent(change)}`],
    ['person', `/people/${DENIED.person}`],
    ['session', '/sessions/sess_ben'],
    ['policies', '/policies'],
    ['health', '/health'],
  ];
}

const mesh = await startConsoleMesh();
try {
  await mkdir(FOLDER, { recursive: true });
  for (let round = 0; round < 3; round += 1) await sendSamples(mesh);
  await sendSample(mesh, DENIED.index);
  await new Promise((resolve) => setTimeout(resolve, 4000));
  const pages = await pagesOf(mesh);
  for (const theme of ['light', 'dark'] as Theme[]) {
    const browser = await ConsoleBrowser.open(mesh.url, theme);
    for (const [name, path] of pages) {
      await browser.goTo(path);
      if (name === 'decision') await browser.page.getByRole('button', { name: /^Find/ }).click();
      if (name === 'policies') await browser.page.getByRole('button', { name: 'Compare' }).click();
      await browser.page.waitForTimeout(1500);
      await browser.capture(`${FOLDER}/${name}-${theme}.webp`, QUALITY);
    }
    if (browser.complaints.length > 0) console.error(browser.complaints);
    await browser.close();
  }
} finally {
  await mesh.close();
}
process.exit(0);
