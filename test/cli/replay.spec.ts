import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { EvidenceRecord } from '@iris/evidence';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { packCases, recordOf, writeCaseEvidence } from '../bench/case-evidence.js';
import { editedPack } from './candidate-pack.js';
import { runIris } from './run-iris.js';

interface Replayed {
  readonly replayed: number;
  readonly changed: number;
  readonly masked: number;
  readonly withoutCall: number;
  readonly shadow: number;
  readonly withoutPolicy: number;
  readonly repeated: number;
  readonly unreadable: number;
  readonly policiesWithClock: string[];
  readonly byTool: { name: string; toAllow: number; toDeny: number }[];
  readonly byPrincipal: { name: string; toAllow: number; toDeny: number }[];
  readonly byDepartment: { name: string; toAllow: number; toDeny: number }[];
  readonly changes: { id: string; from: string; to: string }[];
}

const PACK = 'policies/pack';
let folder: string;
let evidence: string;
let records: EvidenceRecord[];

async function replay(...args: string[]): Promise<{ code: number; result: Replayed }> {
  const run = await runIris(['replay', '--json', '--list', '100000', ...args]);
  return { code: run.code, result: run.json<Replayed>() };
}

async function write(name: string, lines: readonly unknown[]): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n'));
  return path;
}

/** A copy of the pack with one more rule that denies. */
async function packWithDenial(name: string, condition: string): Promise<string> {
  const pack = join(folder, name);
  await cp(PACK, pack, { recursive: true });
  const file = join(pack, 'enforce/aperture_hook.yaml');
  const rule = `    - name: further\n      actions: ["*"]\n      effect: EFFECT_DENY\n      roles: ["*"]\n      condition: { match: { expr: '${condition}' } }\n`;
  await writeFile(file, (await readFile(file, 'utf8')).replace('rules:\n', `rules:\n${rule}`));
  return pack;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'iris-replay-'));
  records = packCases().map(recordOf);
  evidence = await write('evidence.jsonl', records);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('replay asks a real PDP again', () => {
  it('changes nothing with the policies that decided', async () => {
    const { code, result } = await replay(evidence, '--policies', PACK);
    expect(result).toMatchObject({ replayed: records.length, changed: 0, withoutPolicy: 0, masked: 0, unreadable: 0 });
    expect(records.length).toBeGreaterThan(300);
    expect(code).toBe(0);
  });

  it('lists exactly the decisions that one edited rule touches', async () => {
    const edited = await editedPack(join(folder, 'edited'), 'crm-read');
    const touched = records.filter(
      ({ effect, policy }) => effect === 'ALLOW' && policy.rules[0]?.endsWith('#crm-read'),
    );
    expect(touched.length).toBeGreaterThan(0);
    const { code, result } = await replay(evidence, '--policies', edited);

    expect(code).toBe(1);
    const changed = records.filter(({ id }) => result.changes.some((change) => change.id === id));
    expect(result.changed).toBe(changed.length);
    // Every change is one of CRM reading by Sales, and each that the cases name by the rule is among them.
    expect(new Set(result.changes.map(({ from, to }) => `${from} to ${to}`))).toEqual(new Set(['ALLOW to DENY']));
    expect(changed).toEqual(expect.arrayContaining(touched));
    for (const { resource } of changed) {
      expect(resource?.attr).toMatchObject({ category: 'crm', operation: 'read' });
    }
    const crmReads = records.filter(
      ({ effect, resource }) =>
        effect === 'ALLOW' && resource?.attr.category === 'crm' && resource.attr.operation === 'read',
    );
    expect(result.changes.map(({ id }) => id).sort()).toEqual(crmReads.map(({ id }) => id).sort());
    expect(sumOf(result.byTool)).toBe(result.changed);
    expect(sumOf(result.byPrincipal)).toBe(result.changed);
    expect(sumOf(result.byDepartment)).toBe(result.changed);
    expect(result.byDepartment.map(({ name }) => name)).toContain('Sales');
  });

  it('asks a candidate version beside the one that decided', async () => {
    const { code, result } = await replay(evidence, '--policies', PACK, '--policy-version', 'observe');
    const denied = records.filter(({ effect }) => effect === 'DENY');
    expect(code).toBe(1);
    expect(result.changes.map(({ id }) => id).sort()).toEqual(denied.map(({ id }) => id).sort());
  });

  it('reports which records cannot be replayed faithfully, which are no decisions, and which lines are none', async () => {
    const [first, second, third, fourth] = records as [EvidenceRecord, EvidenceRecord, EvidenceRecord, EvidenceRecord];
    const { resource: _resource, action: _action, replay: _replay, ...hook } = third;
    const path = await write('mixed.jsonl', [
      first,
      first,
      { ...second, replay: { policyVersion: 'default', scope: '', masked: true } },
      { ...hook, phase: 'none' },
      { ...fourth, mode: 'shadow', shadowOf: { policyVersion: 'default', effect: 'DENY' } },
      '{"schema":"iris.evidence.v1","id":"torn',
    ]);
    const counts = { replayed: 1, repeated: 1, masked: 1, withoutCall: 1, shadow: 1, unreadable: 1 };
    await expect(replay(path, '--policies', PACK)).resolves.toMatchObject({ code: 0, result: counts });
    const replayable = { policyVersion: 'default', scope: '', masked: true, maskedParamsOnly: true };
    const params = await write('params.jsonl', [{ ...first, replay: replayable }]);
    // The pack reads no parameter; a policy that does has another answer to fear.
    await expect(replay(params, '--policies', PACK)).resolves.toMatchObject({ result: { replayed: 1, masked: 0 } });
    const reading = await packWithDenial('reading', '"x" in R.attr.params');
    await expect(replay(params, '--policies', reading)).resolves.toMatchObject({ result: { replayed: 0, masked: 1 } });
    const withMasked = { ...counts, replayed: 2, masked: 0 };
    await expect(replay(path, '--policies', PACK, '--masked')).resolves.toMatchObject({ result: withMasked });
  });

  it('reads folders, compressed files and the standard input', async () => {
    const inside = join(folder, 'spool', 'a');
    await mkdir(inside, { recursive: true });
    await writeFile(
      join(inside, '1.jsonl.gz'),
      gzipSync(
        records
          .slice(0, 3)
          .map((r) => JSON.stringify(r))
          .join('\n'),
      ),
    );
    await writeFile(join(inside, '2.jsonl'), JSON.stringify(records[3]));
    await expect(replay(join(folder, 'spool'), '--policies', PACK)).resolves.toMatchObject({ result: { replayed: 4 } });

    const stdin = records
      .slice(0, 5)
      .map((record) => JSON.stringify(record))
      .join('\n');
    const run = await runIris(['replay', '--json', '-', '--policies', PACK], stdin);
    expect(run.json<Replayed>()).toMatchObject({ replayed: 5, changed: 0 });
  });

  it('names the policies that read the clock, and writes every change to a file', async () => {
    const clocked = await packWithDenial('clocked', 'now() > timestamp("2020-01-01T00:00:00Z")');
    const changes = join(folder, 'changes.jsonl');
    const { result } = await replay(evidence, '--policies', clocked, '--list', '1', '--changes', changes);
    expect(result.policiesWithClock).toEqual(['enforce/aperture_hook.yaml']);
    const allowed = records.filter(({ effect }) => effect === 'ALLOW').map(({ id }) => id);
    const written = (await readFile(changes, 'utf8'))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).id);
    expect(result.changes).toHaveLength(1);
    expect(written).toEqual(allowed);
  });

  it('ends with one line when the policies do not compile or are not there', async () => {
    const broken = join(folder, 'broken');
    await mkdir(broken);
    await writeFile(join(broken, 'bad.yaml'), 'apiVersion: api.cerbos.dev/v1\nresourcePolicy: { resource: x }\n');
    const run = await runIris(['replay', evidence, '--policies', broken, '--json']);
    expect(run.code).toBe(2);
    expect(run.json().error).toContain('the PDP did not start with these policies');
    await expect(runIris(['replay', evidence, '--policies', join(folder, 'none')])).resolves.toMatchObject({ code: 2 });
    await expect(runIris(['replay', evidence])).resolves.toMatchObject({ code: 2 });
  });

  it('holds its memory while it reads many records', async () => {
    const many = join(folder, 'many.jsonl');
    await writeCaseEvidence(many, 12_000);
    const before = process.memoryUsage().rss;
    const start = performance.now();
    const { result } = await replay(many, '--policies', PACK);
    const megabytes = Math.round((process.memoryUsage().rss - before) / 1024 / 1024);
    process.stdout.write(
      `replayed ${result.replayed} records in ${Math.round(performance.now() - start)} ms, memory grew by ${megabytes} MB\n`,
    );
    expect(result).toMatchObject({ replayed: 12_000, changed: 0 });
    // The input is 15 MB of text; a replay that held the records would grow by several times of it.
    expect(megabytes).toBeLessThan(200);
  });
});

function sumOf(rows: readonly { toAllow: number; toDeny: number }[]): number {
  return rows.reduce((sum, { toAllow, toDeny }) => sum + toAllow + toDeny, 0);
}
