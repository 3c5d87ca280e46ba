import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { type Mesh, startMesh } from '../../apps/sandbox/src/mesh/mesh.js';
import { ask } from './hook-client.js';

const everyday = parse(readFileSync('libs/call-effects/src/everyday-commands.yaml', 'utf8')) as {
  readonly commands: Readonly<Record<string, readonly string[]>>;
  readonly flagged: readonly { readonly command: string; readonly reason: string }[];
};
const free = Object.values(everyday.commands).flat();
const flagged = everyday.flagged.map(({ command }) => command);

let mesh: Mesh;

beforeAll(async () => {
  mesh = await startMesh({
    root: process.cwd(),
    commonEnv: { IRIS_BULK_INTERVAL_SECONDS: '0' },
    gatewayEnv: { IRIS_HOOK_BUDGET_MS: '20000' },
  });
}, 180_000);
afterAll(() => mesh?.close());

describe('everyday commands of an engineer who is not on call', () => {
  it('are at least 300, and at most 1 % of them are denied: those that are listed with a reason', async () => {
    const denied: string[] = [];
    for (const command of [...free, ...flagged]) {
      const fate = await ask(mesh, { login: 'ben@lumen.example', tool: 'Bash', input: { command } });
      if (fate !== 'passed') denied.push(command);
    }
    expect(free.length).toBeGreaterThanOrEqual(300);
    expect(denied).toEqual(flagged);
    expect(denied.length).toBeLessThanOrEqual((free.length + flagged.length) / 100);
  }, 120_000);
});
