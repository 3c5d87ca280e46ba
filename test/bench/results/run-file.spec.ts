import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { describeRun } from './machine.js';
import { newRun, RunFileError, readRun, writeRun } from './run-file.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'iris-run-file-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('the file of a run', () => {
  it('is read as it was written, with machine, versions and commit', async () => {
    const run = newRun(describeRun(process.cwd()));
    const path = join(folder, 'below', 'run.json');
    await writeRun(path, run);
    expect(await readRun(path)).toEqual(run);
    expect(run.machine.cores).toBeGreaterThan(0);
    expect(run.versions.pdp).toMatch(/^\d+\.\d+\.\d+/);
    expect(run.versions.redis).toMatch(/^\d+\.\d+\.\d+/);
    expect(run.commit.id).toMatch(/^([0-9a-f]{40}|unknown)$/);
  });

  it('holds no figure that JSON cannot hold', async () => {
    const table = { title: '', columns: [''], rows: [[Number.NaN]] };
    const run = { ...newRun(describeRun(process.cwd())), benchmarks: { floor: { seconds: 1, load: 0, table } } };
    await expect(writeRun(join(folder, 'nan.json'), run)).rejects.toThrow();
    await expect(readFile(join(folder, 'nan.json'))).rejects.toThrow('ENOENT');
  });

  it.each([
    ['a file that is absent', undefined, 'ENOENT'],
    ['text', 'p50: 3', 'is not JSON'],
    ['other JSON', '{"p50":3}', 'is no result of npm run bench (iris.bench.v1): schema'],
    ['another version', '{"schema":"iris.bench.v2"}', 'is no result of npm run bench (iris.bench.v1): schema'],
  ])('refuses %s and names the file', async (title, text, expected) => {
    const path = join(folder, `${title}.json`);
    if (text !== undefined) await writeFile(path, text);
    const error = await readRun(path).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(RunFileError);
    expect(String(error)).toContain(path);
    expect(String(error)).toContain(expected);
  });
});
