/** Figures about the repository itself: `npm run stats`. Only files that git tracks are counted. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

const CODE = /\.(tsx?|mjs|cjs|js)$/;
const TEST = /(\.(spec|chaos)\.ts$)|(^|\/)(test|testing|fixtures)\//;
/** The vendors' and Aperture's simulated APIs, and what starts a mesh for development: no part of the product. */
const SIMULATED = /^(apps\/sandbox|libs\/simulation)\/|\/simulated-api\//;
/** Made by a command from something that is counted. */
const GENERATED = [
  /\/generated\//,
  /^docs\/reference\//,
  /^docs\/(fault-matrix|soak|performance)\.md$/,
  /\/examples\/.*rendered\.yaml$/,
  /values\.schema\.json$/,
  /^deploy\/helm\/iris\/files\//,
  /^package-lock\.json$/,
];
const GENERATED_MARK = /generated (by|from)|do not edit|made by `?(UPDATE_DOCS=1 )?npm run/i;
const MARK_LINES = 25;

interface TrackedFile {
  readonly path: string;
  readonly text: string;
  readonly lines: number;
  readonly generated: boolean;
}

/** Every tracked text file with its lines. */
function tracked(): TrackedFile[] {
  const paths = execFileSync('git', ['ls-files'], { encoding: 'utf8' }).trim().split('\n').filter(existsSync);
  return paths
    .filter((path) => CODE.test(path) || /\.(md|ya?ml|json|proto|tpl|sh)$/.test(path))
    .map((path) => {
      const text = readFileSync(path, 'utf8');
      const head = text.split('\n', MARK_LINES).join('\n');
      const generated = GENERATED.some((pattern) => pattern.test(path)) || GENERATED_MARK.test(head);
      return { path, text, lines: text.split('\n').length - 1, generated };
    });
}

function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? 0;
}

const sum = (files: readonly TrackedFile[]) => files.reduce((total, { lines }) => total + lines, 0);

/** Files outside a folder of its own that a person writes and that name something: what adding one more costs. */
function filesThatName(files: readonly TrackedFile[], name: string, ownFolder: string): TrackedFile[] {
  const word = new RegExp(`(?<![\\w-])${name}(?![\\w-])`, 'i');
  return files.filter(
    ({ path, text, generated }) =>
      !generated &&
      !path.startsWith(ownFolder) &&
      !TEST.test(path) &&
      !SIMULATED.test(path) &&
      CODE.test(path) &&
      word.test(text),
  );
}

/** Lines of YAML that state cases: tests, though no code. */
const CASES = /(^|\/)(cases\/.*|cases)\.yaml$/;

/** Non-generated files that a person writes, in which the keys of settings stand: what adding one more costs. */
function fewestForSetting(files: readonly TrackedFile[]): string[] {
  const declared = files.filter(({ path }) => /settings\.ts$/.test(path) && !TEST.test(path));
  const keys = declared.flatMap(({ text }) =>
    [...text.matchAll(/^ {2}'([a-z]\w*(?:\.\w+)+)': setting\./gm)].map(([, key = '']) => key),
  );
  const written = files.filter(({ path, generated }) => !generated && !TEST.test(path) && !path.endsWith('.md'));
  const counts = keys.map((key) => written.filter(({ text }) => text.includes(key)).map(({ path }) => path));
  return counts.sort((a, b) => a.length - b.length)[0] ?? [];
}

/** The least over the siblings: what is named more often is named as an example. */
function fewestByHand(
  files: readonly TrackedFile[],
  names: readonly string[],
  folderOf: (name: string) => string,
): string[] {
  const counts = names.map((name) => filesThatName(files, name, folderOf(name)).map(({ path }) => path));
  return counts.sort((a, b) => a.length - b.length)[0] ?? [];
}

function foldersBelow(files: readonly TrackedFile[], prefix: string): string[] {
  const names = files.flatMap(({ path }) => (path.startsWith(prefix) ? [path.slice(prefix.length).split('/')] : []));
  return [...new Set(names.filter((parts) => parts.length > 1).map(([name = '']) => name))];
}

/** Words of prose: code blocks, tables' rules and links' targets are none. */
export function wordsOf(markdown: string): number {
  return markdown
    .replace(/<!-- ([\w-]+) -->[\s\S]*?<!-- \/\1 -->/g, ' ')
    .replace(/^```[\s\S]*?^```/gm, ' ')
    .replace(/\]\([^)]*\)/g, '] ')
    .replace(/<!--[\s\S]*?-->/g, ' ')
    .split(/\s+/)
    .filter((word) => /[\p{L}\p{N}]/u.test(word)).length;
}

export function statistics() {
  const files = tracked();
  const code = files.filter(({ path, generated }) => CODE.test(path) && !generated && !SIMULATED.test(path));
  const source = code.filter(({ path }) => /^(apps|libs)\//.test(path) && !TEST.test(path));
  const tests = code.filter(({ path }) => TEST.test(path) && !path.startsWith('test/bench/'));
  const vendors = foldersBelow(files, 'apps/').filter((name) => name.startsWith('enricher-'));
  const formats = foldersBelow(files, 'apps/gateway/src/tool-calls/formats/');
  const pages = files.filter(({ path, generated }) => path.endsWith('.md') && !generated);
  const lengths = (some: readonly TrackedFile[]) => some.map(({ lines }) => lines);
  return {
    source: {
      files: source.length,
      lines: sum(source),
      p50: percentile(lengths(source), 0.5),
      p90: percentile(lengths(source), 0.9),
    },
    tests: {
      files: tests.length,
      lines: sum(tests),
      p50: percentile(lengths(tests), 0.5),
      p90: percentile(lengths(tests), 0.9),
    },
    testsPerSource: sum(tests) / sum(source),
    caseLines: sum(files.filter(({ path }) => CASES.test(path))),
    longest: [...source, ...tests]
      .sort((a, b) => b.lines - a.lines)
      .slice(0, 10)
      .map(({ path, lines }) => `${lines} ${path}`),
    byHand: {
      vendor: fewestByHand(
        files,
        vendors.map((name) => name.replace('enricher-', '')),
        (name) => `apps/enricher-${name}/`,
      ),
      setting: fewestForSetting(files),
      format: fewestByHand(files, formats, (name) => `apps/gateway/src/tool-calls/formats/${name}/`),
    },
    words: pages.reduce((total, { text }) => total + wordsOf(text), 0),
    longestPages: pages
      .map(({ path, text }) => ({ path, words: wordsOf(text) }))
      .sort((a, b) => b.words - a.words)
      .slice(0, 8)
      .map(({ path, words }) => `${words} ${path}`),
  };
}

function print() {
  const { source, tests, testsPerSource, caseLines, longest, byHand, words, longestPages } = statistics();
  const list = (items: readonly string[]) => (items.length === 0 ? 'none' : items.join(', '));
  process.stdout.write(`Source without generated files and simulated APIs: ${source.files} files, ${source.lines} lines, length p50 ${source.p50}, p90 ${source.p90}
Tests without benchmarks:                          ${tests.files} files, ${tests.lines} lines, length p50 ${tests.p50}, p90 ${tests.p90}
Lines of tests for each line of source:            ${testsPerSource.toFixed(2)}, and ${caseLines} lines of cases in YAML
Files outside its folder for one more vendor:      ${byHand.vendor.length} (${list(byHand.vendor)})
Files outside its folder for one more format:      ${byHand.format.length} (${list(byHand.format)})
Files for one more setting, without its use:       ${byHand.setting.length} (${list(byHand.setting)})
Words of documentation without generated pages:    ${words}
Longest files:
  ${longest.join('\n  ')}
Longest pages:
  ${longestPages.join('\n  ')}
`);
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) print();
