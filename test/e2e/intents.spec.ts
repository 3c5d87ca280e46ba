import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { type Mesh, startMesh } from '../../apps/sandbox/src/mesh/mesh.js';
import { ask, deviceOf, type TestCall } from './hook-client.js';

/** Who calls: a login name without its domain, on the person's own device or none, by a sanctioned client or another. */
interface Caller {
  readonly who: string;
  readonly device?: boolean;
  readonly client?: string;
}

type Calls = Readonly<Record<string, TestCall['input']>>;

interface Intents {
  readonly ways: readonly string[];
  readonly intents: readonly (Caller & {
    readonly intent: string;
    readonly ways: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  })[];
  readonly allowed: readonly (Caller & { readonly title: string })[];
}

const { ways, intents, allowed } = parse(readFileSync('test/cases/intents.yaml', 'utf8')) as Intents;
const cells = intents.flatMap(({ ways: given, ...intent }) =>
  Object.entries(given).map(([way, cell]) => ({ way, ...intent, ...cell })),
);
const LIMITS = new Set(cells.flatMap((cell) => ('limit' in cell ? [String(cell.limit)] : [])));

let mesh: Mesh;

beforeAll(async () => {
  mesh = await startMesh({
    root: process.cwd(),
    commonEnv: { IRIS_BULK_INTERVAL_SECONDS: '0' },
    gatewayEnv: { IRIS_HOOK_BUDGET_MS: '20000' },
  });
});
afterAll(() => mesh?.close());

/** The outcome of the result of the last call, after those that come before it in the same session. */
function fate({ who, device, client, ...cell }: Caller & { readonly steps?: readonly Calls[] }): Promise<string> {
  const login = `${who}@lumen.example`;
  const { steps = [], ...rest } = cell;
  const calls = Object.entries(rest as Calls).filter(([, value]) => typeof value === 'object');
  const [tool = '', input = {}] = calls[0] ?? [];
  const before = steps.flatMap((step) => Object.entries(step).map(([name, value]) => ({ tool: name, input: value })));
  const nodeId = device === true ? deviceOf(mesh, login) : undefined;
  return ask(mesh, { login, tool, input, client, nodeId, before });
}

describe('an intent of the policies, and a way around it', () => {
  it.each(intents)('all ways are tried: $intent', ({ ways: given }) => {
    expect(Object.keys(given)).toEqual(ways);
  });

  it.each(cells)('$intent: $way', async (cell) => {
    if ('limit' in cell) expect(await fate(cell)).toBe('passed');
    else expect(await fate(cell)).not.toBe('passed');
  });

  it.each(allowed)('$title', async (given) => {
    expect(await fate(given)).toBe('passed');
  });

  it('is documented where it is open', () => {
    const docs = readFileSync('docs/command-effects.md', 'utf8');
    for (const limit of LIMITS) expect(docs).toContain(limit);
  });
});
