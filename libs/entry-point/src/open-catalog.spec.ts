import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '@iris/telemetry';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import readInWorker from './catalog-worker.js';
import { type OpenCatalog, openCatalog } from './open-catalog.js';

let folder: string;
let open: OpenCatalog | undefined;
const lines: string[] = [];
const log = (fields: object, message: string) => void lines.push(`${message} ${JSON.stringify(fields)}`);
const logger = { info: log, error: log } as unknown as Logger;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'iris-catalog-'));
  lines.length = 0;
});
afterEach(() => {
  open?.close();
  rmSync(folder, { recursive: true });
});

const text = (category: string) => `
environments: [{ name: production, patterns: [prod] }]
entries: [{ name: one, system: s, category: ${category}, tools: { read: [look] } }]
`;

/** Opens a file that is mounted as Kubernetes mounts a ConfigMap: a link to a link to a folder of one version. */
function openMounted(content: string): OpenCatalog {
  mount('v1', content);
  symlinkSync(join('..data', 'catalog.yaml'), join(folder, 'catalog.yaml'));
  open = openCatalog(join(folder, 'catalog.yaml'), logger, { settleMs: 0, read: async (text) => readInWorker(text) });
  return open;
}

function mount(version: string, content: string): void {
  mkdirSync(join(folder, version));
  writeFileSync(join(folder, version, 'catalog.yaml'), content);
  symlinkSync(version, join(folder, '..data_tmp'));
  renameSync(join(folder, '..data_tmp'), join(folder, '..data'));
}

async function reloaded({ reload, catalog }: OpenCatalog): Promise<string> {
  await reload();
  await sleep(5);
  return catalog.classify({ name: 'look' }).classification.category;
}

describe('the catalog of a running gateway', () => {
  it('follows its file when Kubernetes swaps the version below it', async () => {
    const opened = openMounted(text('files'));
    const before = opened.catalog.revision;
    mount('v2', text('web'));
    expect(await reloaded(opened)).toBe('web');
    expect(opened.catalog.revision).not.toBe(before);
    expect(lines).toEqual([
      `tool catalog loaded {"revision":"${before}"}`,
      `tool catalog replaced {"revision":"${opened.catalog.revision}"}`,
    ]);
  });

  it('stays as it is when the new file cannot be used, and reports the entry', async () => {
    const opened = openMounted(text('files'));
    const before = opened.catalog.revision;
    mount('v2', text('Bad Category'));
    expect(await reloaded(opened)).toBe('files');
    expect(opened.catalog.revision).toBe(before);
    expect(lines.join('\n')).toContain('the tool catalog stays as it is');
    expect(lines.join('\n')).toContain('entry \\"one\\", key category');
    mount('v3', text('chat'));
    expect(await reloaded(opened)).toBe('chat');
  });

  it('stays as it is while the file is unavailable', async () => {
    const opened = openMounted(text('files'));
    rmSync(join(folder, '..data'));
    expect(await reloaded(opened)).toBe('files');
    expect(lines.join('\n')).toContain('cannot be read (ENOENT)');
  });

  it('must be readable at the start', () => {
    expect(() => openCatalog(join(folder, 'none.yaml'), logger)).toThrow(
      /^configuration: catalog.file .*none.yaml cannot be read \(ENOENT\)$/,
    );
  });
});
