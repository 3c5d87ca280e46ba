import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type WatchedFile, watchFile } from './watched-file.js';

let folder: string;
let watched: WatchedFile;
const contents: string[] = [];
const errors: string[] = [];

function watch(name: string): void {
  watched = watchFile(
    join(folder, name),
    'first',
    (text) => void contents.push(text),
    (error) => void errors.push((error as NodeJS.ErrnoException).code ?? ''),
  );
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'iris-watched-'));
  contents.length = 0;
  errors.length = 0;
});
afterEach(() => {
  watched.close();
  rmSync(folder, { recursive: true });
});

describe('watchFile', () => {
  it('reports each new content once', async () => {
    writeFileSync(join(folder, 'file'), 'first');
    watch('file');
    await watched.check();
    expect(contents).toEqual([]);
    writeFileSync(join(folder, 'file'), 'second');
    await watched.check();
    await watched.check();
    expect(contents).toEqual(['second']);
  });

  it('follows the link that Kubernetes renames when a Secret changes', async () => {
    for (const version of ['first', 'second']) {
      mkdirSync(join(folder, version));
      writeFileSync(join(folder, version, 'keys.yaml'), version);
    }
    symlinkSync('first', join(folder, '..data'));
    symlinkSync('..data/keys.yaml', join(folder, 'keys.yaml'));
    watch('keys.yaml');
    symlinkSync('second', join(folder, '..data_tmp'));
    renameSync(join(folder, '..data_tmp'), join(folder, '..data'));
    await watched.check();
    expect(contents).toEqual(['second']);
  });

  it('reports a series of failed reads once, and continues', async () => {
    watch('file');
    await watched.check();
    await watched.check();
    expect(errors).toEqual(['ENOENT']);
    writeFileSync(join(folder, 'file'), 'second');
    await watched.check();
    rmSync(join(folder, 'file'));
    await watched.check();
    expect([contents, errors]).toEqual([['second'], ['ENOENT', 'ENOENT']]);
  });
});
