import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import axe, { type AxeResults } from 'axe-core';
import { type BrowserContext, chromium, type Page } from 'playwright-core';
import { CHROMIUM, CHROMIUM_ARGUMENTS } from '../cli/chromium.js';

/** Run in the page before anything of its own. */
const REPORT_VIOLATIONS = `document.addEventListener('securitypolicyviolation', (event) =>
  reportViolation([event.effectiveDirective, event.blockedURI, event.sourceFile, event.lineNumber].join(' ')));`;
const OPEN_DETAILS = "document.querySelectorAll('details').forEach((details) => { details.open = true; })";

/** Far longer than a page takes: what does not appear by then never does. */
const WAIT_MS = 20_000;
const VIEWPORT = { width: 1280, height: 860 };
/** A longer page is cut in its picture, in CSS pixels. */
const MOST_HEIGHT = 2400;

export type Theme = 'light' | 'dark';

/** Chromium with an empty profile on a console, which remembers everything that a browser complains about. */
export class ConsoleBrowser {
  /** Console errors and warnings, exceptions, requests to elsewhere and violations of the security policy. */
  readonly complaints: string[] = [];

  private constructor(
    readonly page: Page,
    private readonly context: BrowserContext,
    private readonly profile: string,
    private readonly origin: string,
  ) {}

  static async open(origin: string, theme: Theme = 'light'): Promise<ConsoleBrowser> {
    const profile = await mkdtemp(join(tmpdir(), 'iris-chromium-'));
    const context = await chromium.launchPersistentContext(profile, {
      executablePath: CHROMIUM,
      args: CHROMIUM_ARGUMENTS,
      colorScheme: theme,
      reducedMotion: 'reduce',
      viewport: VIEWPORT,
    });
    const browser = new ConsoleBrowser(await context.newPage(), context, profile, origin);
    await browser.watch();
    return browser;
  }

  private async watch(): Promise<void> {
    const { page, complaints } = this;
    page.setDefaultTimeout(WAIT_MS);
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) complaints.push(`console: ${message.text()}`);
    });
    page.on('pageerror', (error) => complaints.push(`exception: ${error.message}`));
    page.on('dialog', (dialog) => {
      complaints.push(`dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
    page.on('request', (request) => {
      const { origin, protocol } = new URL(request.url());
      if (origin !== this.origin && protocol !== 'blob:') complaints.push(`request: ${request.url().slice(0, 200)}`);
    });
    await page.exposeFunction('reportViolation', (text: string) => complaints.push(`security policy: ${text}`));
    await page.addInitScript(REPORT_VIOLATIONS);
  }

  /** Opens a path of the console and waits until nothing is loading. */
  async goTo(path: string): Promise<void> {
    await this.page.goto(`${this.origin}${path}`);
    await this.settled();
  }

  async settled(): Promise<void> {
    await this.page.locator('h1').first().waitFor();
    await this.page.locator('text="Loading…"').first().waitFor({ state: 'detached' });
  }

  /** Opens everything that is folded, so that all of a page is looked at. */
  async unfold(): Promise<void> {
    await this.page.evaluate(OPEN_DETAILS);
    await this.settled();
  }

  /** Violations of accessibility rules on the page as it is: rule, and the elements. */
  async accessibilityViolations(): Promise<string[]> {
    await this.page.evaluate(axe.source);
    const { violations } = await this.page.evaluate<AxeResults>("axe.run({ resultTypes: ['violations'] })");
    return violations.map(
      ({ id, nodes }) =>
        `${id}: ${nodes
          .map(({ target }) => target.join(' '))
          .slice(0, 3)
          .join(', ')}`,
    );
  }

  /** Writes the whole page as WebP, which is smaller than PNG by far. */
  async capture(file: string, quality: number): Promise<void> {
    const height = await this.page.evaluate<number>('document.documentElement.scrollHeight');
    const size = { width: VIEWPORT.width, height: Math.min(MOST_HEIGHT, Math.max(VIEWPORT.height, height)) };
    await this.page.setViewportSize(size);
    const session = await this.context.newCDPSession(this.page);
    const { data } = await session.send('Page.captureScreenshot', { format: 'webp', quality });
    await writeFile(file, Buffer.from(data, 'base64'));
    await this.page.setViewportSize(VIEWPORT);
  }

  async close(): Promise<void> {
    await this.context.close();
    await rm(this.profile, { recursive: true, force: true });
  }
}
