import { rm } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestConsole } from '../../apps/console/test/start-test-console.js';
import { AnswersBySchema } from './answers-by-schema.js';
import { buildPage } from './built-page.js';
import { ConsoleBrowser, type Theme } from './console-browser.js';
import { EVERY_PAGE } from './every-page.js';

const PLAIN = Array.from(
  { length: 400 },
  (_, index) => `${['mcp__postgres__query', 'ana', 'production', 'Needs an on-call shift'][index % 4]} ${index}`,
);

/** Texts that would run, redirect, hide, reorder or overflow if they were anything but text. */
const HOSTILE = [
  '<img src=x onerror="globalThis.hacked=1"><script>globalThis.hacked=1</script>',
  '"><svg onload=alert(1)><iframe srcdoc="<script>parent.hacked=1</script>"></iframe>',
  'javascript:globalThis.hacked=1',
  '</title></script><style>*{display:none}</style><base href="https://evil.invalid/">',
  '{{constructor.constructor("globalThis.hacked=1")()}}',
  'gpj.\u202Eexe\u2066abc\u2069 \u200Bzero\u0000null\u001b[31mred\u0007\r\n\u2028end',
  'مرحبا بالعالم שלום עולם, then Latin',
  `${'\u0301'.repeat(2000)}zalgo`,
  '\uD800 lone, \u{E0041}tag',
  'x'.repeat(1_000_000),
  `${'🙂'.repeat(300)} ${'word '.repeat(2_000)}`,
  '__proto__',
];

let folder: string;
let server: Awaited<ReturnType<typeof startTestConsole>>;

beforeAll(async () => {
  folder = await buildPage();
  server = await startTestConsole({ IRIS_PAGE_DIRECTORY: folder });
});

afterAll(async () => {
  await server.app.close();
  await rm(folder, { recursive: true, force: true });
});

/** A browser for which every operation has an answer made of these texts; the page and its headers are the server's own. */
async function browserWith(texts: readonly string[], theme: Theme): Promise<ConsoleBrowser> {
  const browser = await ConsoleBrowser.open(server.url, theme);
  const answers = new AnswersBySchema(texts);
  await browser.page.route('**/api/**', async (route) => {
    const { pathname } = new URL(route.request().url());
    const answer = answers.answerTo(route.request().method(), pathname);
    if (pathname === '/api/decisions/stream') {
      const body = `event: state\ndata: {"log":"ok"}\n\nid: 1\nevent: decisions\ndata: ${JSON.stringify(answer)}\n\n`;
      await route.fulfill({ contentType: 'text/event-stream', body });
    } else if (pathname === '/api/me') {
      await route.fulfill({ json: { ...(answer as object), role: 'admin' } });
    } else if (answer === undefined) {
      await route.fulfill({ status: 404, json: { title: 'no such operation' } });
    } else {
      await route.fulfill({ json: answer });
    }
  });
  return browser;
}

describe.each<Theme>(['light', 'dark'])('every page, %s', (theme) => {
  it('has no accessibility violation and no complaint of the browser', async () => {
    const browser = await browserWith(PLAIN, theme);
    try {
      const found: Record<string, string[]> = {};
      for (const [name, path] of EVERY_PAGE) {
        await browser.goTo(path);
        await browser.unfold();
        found[name] = await browser.accessibilityViolations();
      }
      expect(found).toEqual(Object.fromEntries(EVERY_PAGE.map(([name]) => [name, []])));
      expect(browser.complaints).toEqual([]);
    } finally {
      await browser.close();
    }
  });
});

/** Shows the next part of every text that was cut. */
const SHOW_MORE = `document.querySelectorAll('button').forEach((one) => one.innerText.startsWith('Show more') && one.click())`;

/** Read in the page: what of a record became more than text. */
const HARM = `({
  ran: globalThis.hacked,
  elements: document.querySelectorAll('main script, main iframe, main img, main style, main svg[onload], base, [onerror], [onload]').length,
  links: [...document.links].filter(({ protocol }) => !/^https?:$/.test(protocol)).length,
  title: document.title.length,
  text: document.body.innerText.length,
  characters: [...new Set(document.body.innerText.match(/[\\u0000-\\u0008\\u000b-\\u001f\\u007f-\\u009f\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f]|\\p{Cs}/gu) ?? [])].filter((one) => one !== '\\r').length,
  wide: document.documentElement.scrollWidth - document.documentElement.clientWidth,
})`;

describe('a record full of markup, right-to-left text, long strings and control characters', () => {
  it('shows harmlessly on every page', async () => {
    const browser = await browserWith(HOSTILE, 'light');
    try {
      for (const [name, path] of EVERY_PAGE) {
        await browser.goTo(path);
        await browser.unfold();
        await browser.page.evaluate(SHOW_MORE);
        const { title, text, ...harm } = await browser.page.evaluate<Record<string, number>>(HARM);
        expect({ name, ...harm }).toEqual({ name, ran: undefined, elements: 0, links: 0, characters: 0, wide: 0 });
        expect(title).toBeLessThan(200);
        expect(text).toBeLessThan(400_000);
      }
      expect(browser.complaints).toEqual([]);
    } finally {
      await browser.close();
    }
  });
});
