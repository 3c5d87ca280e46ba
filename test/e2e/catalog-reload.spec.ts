import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '@iris/context-cache/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Mesh, startMesh } from '../../apps/sandbox/src/mesh/mesh.js';
import { ask } from './hook-client.js';

const TOOL = 'mcp__acme__look';
const ACME = `
  - { id: acme, system: acme, category: chat, tools: { read: [look] } }
`;

let folder: string;
let file: string;
let shipped: string;
const lines: string[] = [];
let mesh: Mesh;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'iris-catalog-'));
  file = join(folder, 'catalog.yaml');
  shipped = await readFile('policies/catalog.yaml', 'utf8');
  await writeFile(file, shipped);
  mesh = await startMesh({
    root: process.cwd(),
    gatewayEnv: { IRIS_CATALOG_FILE: file, IRIS_HOOK_BUDGET_MS: '20000' },
    onLine: (_process, line) => lines.push(line),
  });
});
afterAll(async () => {
  await mesh?.close();
  await rm(folder, { recursive: true, force: true });
});

/** Asks in new sessions until the answer is the expected one; a reload takes some seconds. */
async function untilAnswer(expected: string): Promise<void> {
  await eventually(async () => {
    expect(await ask(mesh, { login: 'ben@lumen.example', tool: TOOL, input: {} })).toBe(expected);
  });
}

describe('the tool catalog of a running gateway', () => {
  it('is in force after a change of its file, without a restart', async () => {
    expect(await ask(mesh, { login: 'ben@lumen.example', tool: TOOL, input: {} })).toBe('withheld');
    await writeFile(file, shipped.replace('\nservers:\n', `\nservers:${ACME}`));
    await untilAnswer('passed');
  });

  it('stays as it was when the new text is broken, and follows the next one', async () => {
    await writeFile(file, 'entries: [');
    await eventually(async () => expect(lines.join('\n')).toContain('the tool catalog stays as it is'));
    expect(await ask(mesh, { login: 'ben@lumen.example', tool: TOOL, input: {} })).toBe('passed');
    await writeFile(file, shipped);
    await untilAnswer('withheld');
  });
});
