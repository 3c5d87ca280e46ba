import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { ROOT } from '../deploy/helm.js';

/** What is made in the repository and not part of it. */
const MADE = new Set(['node_modules', 'dist', '.git', '.iris', 'coverage']);

/** A copy of the repository in a folder of its own, with the packages and Helm of the original. */
export class RepositoryCopy {
  readonly root = mkdtempSync(join(tmpdir(), 'iris-copy-'));

  constructor() {
    const isPart = (path: string) => !MADE.has(relative(ROOT, path).split('/')[0] ?? '');
    cpSync(ROOT, this.root, { recursive: true, filter: isPart });
    symlinkSync(join(ROOT, 'node_modules'), join(this.root, 'node_modules'));
    mkdirSync(join(this.root, '.iris'));
    if (existsSync(join(ROOT, '.iris/helm'))) symlinkSync(join(ROOT, '.iris/helm'), join(this.root, '.iris/helm'));
  }

  /** Adds a folder by hand. @returns its files, by their path in the copy */
  addFolder(from: string, to: string): string[] {
    cpSync(from, join(this.root, to), { recursive: true });
    return Object.keys(this.digests()).filter((path) => path.startsWith(`${to}/`));
  }

  /** Runs a command in the copy. @throws Error with its output when it fails */
  run(command: string, args: readonly string[], options: { readonly input?: string } = {}): string {
    const { status, stdout, stderr, error } = spawnSync(command, args, {
      cwd: this.root,
      encoding: 'utf8',
      input: options.input,
      maxBuffer: 64 * 1024 * 1024,
      // What Jest needs of Node is nothing for these programs.
      env: { ...process.env, NODE_OPTIONS: '', PATH: `${join(this.root, 'node_modules/.bin')}:${process.env.PATH}` },
    });
    if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${error?.message ?? ''}\n${stdout}\n${stderr}`);
    return stdout;
  }

  /** Runs `npm run generate`. @returns the files that it wrote */
  generate(): string[] {
    const output = this.run('npm', ['run', '--silent', 'generate']);
    return [...output.matchAll(/^ {2}(\S+)$/gm)].map(([, path = '']) => path);
  }

  /** A digest of each file. */
  digests(): Record<string, string> {
    const files = readdirSync(this.root, { recursive: true, withFileTypes: true, encoding: 'utf8' });
    const paths = files
      .filter((entry) => entry.isFile())
      .map((entry) => relative(this.root, join(entry.parentPath, entry.name)))
      .filter((path) => !MADE.has(path.split('/')[0] ?? ''));
    return Object.fromEntries(
      paths.map((path) => [
        path,
        createHash('sha256')
          .update(readFileSync(join(this.root, path)))
          .digest('hex'),
      ]),
    );
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}

/** The files that were added, changed or removed between two states. */
export function changedFiles(
  before: Readonly<Record<string, string>>,
  after: Readonly<Record<string, string>>,
): string[] {
  return [...new Set([...Object.keys(before), ...Object.keys(after)])]
    .filter((path) => before[path] !== after[path])
    .sort();
}
