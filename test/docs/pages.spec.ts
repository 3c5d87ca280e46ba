import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { runIris } from '../cli/run-iris.js';

const FOLDERS = ['docs', 'deploy', 'policies', 'apps', 'libs', 'test'];
const PAGES = [
  ...readdirSync('.'),
  ...FOLDERS.flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name)),
  ),
].filter((page) => page.endsWith('.md'));
const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> };

const LINK = /\]\((?!https?:|mailto:)([^)#\s]*)(?:#([^)\s]+))?\)/g;
const SCRIPT = /npm (?:run (?:--?\S+ )*)?([a-z][\w:-]*)/g;
const IRIS = /(?:npm run (?:-s )?iris -- )([^\n`|]+)/g;

/** The anchors that GitHub gives the headings of a page. */
function anchorsOf(page: string): string[] {
  const headings = readFileSync(page, 'utf8')
    .replace(/^```[\s\S]*?^```/gm, '')
    .matchAll(/^#+ (.+)$/gm);
  return [...headings].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replaceAll(' ', '-'),
  );
}

/** What is in the code of a page. */
function codeOf(page: string): string {
  const text = readFileSync(page, 'utf8');
  const blocks = [...text.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].flatMap(([, language = '', code = '']) =>
    ['', 'sh', 'bash'].includes(language) ? [code] : [],
  );
  const inline = [...text.replace(/^```[\s\S]*?^```/gm, '').matchAll(/`([^`\n]+)`/g)].map(([, code = '']) => code);
  // A command may continue in the next line.
  return [...blocks, ...inline].join('\n').replace(/\\\n\s*/g, '');
}

describe('the pages', () => {
  it('are found', () => {
    expect(PAGES).toEqual(expect.arrayContaining(['README.md', 'docs/install.md', 'deploy/helm/iris/README.md']));
  });

  it.each(PAGES)('%s links to what there is, and to headings that there are', (page) => {
    const dead = [...readFileSync(page, 'utf8').matchAll(LINK)].filter(([, path = '', anchor]) => {
      const target = path === '' ? page : join(dirname(page), path);
      if (!existsSync(target)) return true;
      return anchor !== undefined && target.endsWith('.md') && !anchorsOf(target).includes(anchor);
    });
    expect(dead.map(([link]) => link)).toEqual([]);
  });

  it.each(PAGES)('%s names scripts of npm that there are', (page) => {
    const named = [...codeOf(page).matchAll(SCRIPT)].map(([, name = '']) => name);
    const builtIn = ['ci', 'install', 'run', 'prune', 'test', 'start'];
    expect(named.filter((name) => !(name in scripts) && !builtIn.includes(name))).toEqual([]);
  });

  it('hold commands of iris, so that the next check is one', () => {
    expect([...codeOf('docs/install.md').matchAll(IRIS)].map(([, line = '']) => line.trim().split(' ')[0])).toEqual([
      'doctor',
      'report',
      'check',
      'context',
    ]);
  });

  it.each(PAGES)('%s names commands and options of iris that there are', async (page) => {
    for (const [, line = ''] of codeOf(page).matchAll(IRIS)) {
      const words = line.trim().split(/\s+/);
      // The command ends where its first option or argument begins.
      const end = words.findIndex((word) => !/^[a-z]+(-[a-z]+)*$/.test(word));
      const command = end < 0 ? words : words.slice(0, end);
      const { code, out } = await runIris([...command, '--help']);
      expect([page, line, code]).toEqual([page, line, 0]);
      const options = words.filter((word) => /^--[a-z]/.test(word)).map((word) => word.split('=')[0] ?? '');
      expect([page, line, options.filter((option) => !out.includes(option))]).toEqual([page, line, []]);
    }
  });
});

describe('the guides of the front page', () => {
  it('are all there are', () => {
    const front = readFileSync('README.md', 'utf8');
    const guides = PAGES.filter((page) => /^docs\/[^/]+\.md$/.test(page));
    expect(guides.filter((guide) => !front.includes(`](${guide})`))).toEqual([]);
  });
});
