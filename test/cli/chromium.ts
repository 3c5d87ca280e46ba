import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BrowserContext, chromium, type Page } from 'playwright-core';

export const CHROMIUM = '/usr/bin/chromium';
export const CHROMIUM_ARGUMENTS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export interface OpenedPage {
  readonly page: Page;
  /** Everything that the page complained about: console errors and warnings, exceptions. */
  readonly complaints: readonly string[];
  /** Every request but the one for the file itself. */
  readonly requests: readonly string[];
  close(): Promise<void>;
}

/** Opens a file in Debian's Chromium, with an empty profile. */
export async function openInChromium(file: string, colorScheme: 'light' | 'dark' = 'light'): Promise<OpenedPage> {
  const profile = await mkdtemp(join(tmpdir(), 'iris-chromium-'));
  let context: BrowserContext | undefined;
  const close = async () => {
    await context?.close();
    await rm(profile, { recursive: true, force: true });
  };
  try {
    context = await chromium.launchPersistentContext(profile, {
      executablePath: CHROMIUM,
      args: CHROMIUM_ARGUMENTS,
      colorScheme,
      offline: true,
      viewport: { width: 1200, height: 900 },
    });
    const page = await context.newPage();
    const complaints: string[] = [];
    const requests: string[] = [];
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('request', (request) => {
      if (request.url() !== `file://${file}`) requests.push(request.url());
    });
    await page.goto(`file://${file}`);
    return { page, complaints, requests, close };
  } catch (error) {
    await close();
    throw error;
  }
}
