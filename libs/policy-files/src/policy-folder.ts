import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { LineCounter, parseAllDocuments } from 'yaml';

/** A folder of policies cannot be read. The message is one line. */
export class PolicyFolderError extends Error {
  override readonly name = 'PolicyFolderError';
}

/**
 * A folder of policies. Either a project: `pack/` holds what the PDP loads, `tests/` the cases and suites. Or the folder
 * that the PDP loads, with test suites in it.
 */
export interface PolicyFolder {
  /** What the PDP loads. */
  readonly pack: string;
  /** Cases that are turned into suites. */
  readonly cases?: string;
  /** Folders of suites by the evaluation that they are for. */
  readonly suites: { readonly both?: string; readonly strict?: string; readonly lenient?: string };
  /** Whether the folder is a project. */
  readonly isProject: boolean;
}

/** A policy file with its text, so that an error has a line. */
export interface PolicyFile {
  /** Path for messages, relative to the working directory. */
  readonly shown: string;
  /** Path relative to the pack. */
  readonly file: string;
  readonly text: string;
  readonly documents: ReturnType<typeof parseAllDocuments>;
  readonly lines: LineCounter;
}

/** @throws PolicyFolderError when there is no such folder */
export function policyFolder(folder: string): PolicyFolder {
  if (!existsSync(folder)) throw new PolicyFolderError(`there is no folder ${folder}`);
  if (!existsSync(join(folder, 'pack'))) return { pack: folder, suites: {}, isProject: false };
  const existing = (path: string) => (existsSync(join(folder, path)) ? join(folder, path) : undefined);
  return {
    pack: join(folder, 'pack'),
    cases: existing('tests/cases.yaml'),
    suites: { both: existing('tests/both'), strict: existing('tests/strict'), lenient: existing('tests/lenient') },
    isProject: true,
  };
}

/** Paths of all files of a folder, sorted, relative to it. As for the PDP, hidden files and folders do not count. */
export function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .filter((path) => !path.split('/').some((part) => part.startsWith('.')))
    .sort();
}

/** A path for messages: relative to the working directory when it is below it. */
export function shownPath(path: string): string {
  const below = relative('.', path);
  return below.startsWith('..') ? path : below;
}

const POLICY = /\.(ya?ml|json)$/;
const TEST_SUITE = /_test\.(ya?ml|json)$/;

/** Whether a path below a pack is a test suite. */
export function isTestSuite(path: string): boolean {
  return TEST_SUITE.test(path);
}

/** The policy files of a pack: neither schemas, nor tests, nor their data. */
export function policyFiles(pack: string): PolicyFile[] {
  return filesIn(pack)
    .filter((path) => POLICY.test(path) && !isTestSuite(path) && !/(^|\/)(_schemas|testdata)\//.test(path))
    .map((file) => {
      const text = readFileSync(join(pack, file), 'utf8');
      const lines = new LineCounter();
      const documents = parseAllDocuments(text, { lineCounter: lines, merge: true });
      return { shown: shownPath(join(pack, file)), file, text, documents, lines };
    });
}
