import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  type ChainReport,
  ChainVerifier,
  ChainWriter,
  EvidenceSpool,
  erasedLine,
  evidenceRecordSchema,
  readEvidence,
  readLines,
  signingKey,
  VerifyingKeys,
} from '../src/index.js';
import { sampleRecord } from './sample-record.js';

type Options = Partial<ConstructorParameters<typeof ChainVerifier>[0]>;

function keyPair() {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  return {
    signing: signingKey(privateKey.export({ type: 'pkcs8', format: 'pem' }) as string),
    publicPem: publicKey.export({ type: 'spki', format: 'pem' }) as string,
  };
}

const { signing, publicPem } = keyPair();
const keys = new VerifyingKeys([publicPem]);

/** A run of a gateway: an opening head, records with heads between them, a closing head. */
function chainOf(records: number, { id = 'run-1', closes = true, writer = newWriter() } = {}): string[] {
  const lines: string[] = [];
  const take = ({ lines: more, commit }: ReturnType<ChainWriter['link']>) => {
    lines.push(...more);
    commit();
  };
  writer.begin(id);
  take(writer.head(false));
  for (let at = 0; at < records; at += 1) take(writer.link([sampleRecord({ reason: `reason_${at}` })]));
  if (closes) take(writer.head(true));
  return lines;
}

function newWriter(): ChainWriter {
  return new ChainWriter({ headRecords: 4, headSeconds: 60, key: signing });
}

function verify(lines: readonly string[], options: Options = {}): ChainReport {
  const verifier = new ChainVerifier({ keys, liveMs: 0, now: Date.now(), ...options });
  lines.forEach((line, index) => {
    verifier.add(JSON.parse(line), { file: 'a.jsonl', line: index + 1 });
  });
  return verifier.finish();
}

function faultsOf(report: ChainReport): string[] {
  return [...new Set(report.findings.map(({ fault }) => fault))].sort();
}

describe('a chain', () => {
  it('is sound as written, whatever order keys and spaces have, and however often a line is delivered', () => {
    const lines = chainOf(10);
    const reordered = lines.map((line) => JSON.stringify(JSON.parse(line, reversedKeys), null, 1));
    for (const some of [lines, reordered, [...lines.slice(0, 7), ...lines]]) {
      const report = verify(some);
      expect(report.findings).toEqual([]);
      expect(report).toMatchObject({ records: 10, chains: [{ id: 'run-1', from: 1, to: 14, state: 'closed' }] });
    }
    for (const line of lines) {
      const value = JSON.parse(line);
      expect(value.schema === 'iris.evidence.head.v1' || evidenceRecordSchema.safeParse(value).success).toBe(true);
    }
  });

  it('has a head that links it to the runs before it', () => {
    const writer = newWriter();
    const first = chainOf(3, { closes: false, writer });
    const second = chainOf(3, { id: 'run-2', writer });
    expect(verify([...first, ...second])).toMatchObject({ findings: [], chains: [{ state: 'continued' }, {}] });
    expect(verify([...first.slice(0, -1), ...second]).findings).toMatchObject([
      { fault: 'missing', chain: 'run-1', seq: 4 },
    ]);
    expect(verify(second).findings).toMatchObject([{ fault: 'missing', chain: 'run-1', seq: 1, toSeq: 4 }]);
  });

  it('shows each single mutation', () => {
    const lines = chainOf(9);
    fc.assert(
      fc.property(mutation(lines), (mutated) => {
        expect([mutated.what, verify(mutated.lines).faults > 0]).toEqual([mutated.what, true]);
      }),
      { numRuns: 400 },
    );
  });

  it.each([
    ['a record that is gone', (lines: string[]) => lines.toSpliced(2, 1), 'missing', 3],
    ['several', (lines: string[]) => lines.toSpliced(2, 3), 'missing', 3],
    ['an effect that is another', (lines: string[]) => changed(lines, 2, { effect: 'DENY' }), 'changed', 3],
    ['a person who is another', (lines: string[]) => changed(lines, 2, { principal: { id: 'x' } }), 'changed', 3],
    ['a field that is new', (lines: string[]) => changed(lines, 2, { note: 'x' }), 'changed', 3],
    ['two lines that were exchanged', (lines: string[]) => exchanged(lines, 2, 3), 'reordered', 3],
    ['a tail that was cut', (lines: string[]) => lines.slice(0, -1), 'cut', 12],
    ['a beginning that is gone', (lines: string[]) => lines.slice(3), 'beginning_missing', 1],
    ['a record of no chain', (lines: string[]) => [...lines, JSON.stringify(sampleRecord())], 'unchained', undefined],
  ])('finds %s', (_what, change, fault, seq) => {
    const { findings } = verify(change(chainOf(8)));
    expect(findings[0]).toMatchObject({ fault, ...(seq === undefined ? {} : { seq }) });
  });

  it('finds a chain that was written again without the key, and a record beside another one', () => {
    const forged = chainOf(8, { writer: new ChainWriter({ headRecords: 4, headSeconds: 60, key: keyPair().signing }) });
    expect(faultsOf(verify(forged))).toEqual(['signature', 'unsigned_tail']);
    const unsigned = chainOf(8, { writer: new ChainWriter({ headRecords: 4, headSeconds: 60 }) });
    expect(faultsOf(verify(unsigned))).toEqual(['signature', 'unsigned_tail']);
    expect(verify(unsigned, { keys: undefined }).findings).toEqual([]);
    expect(faultsOf(verify([...chainOf(3), ...chainOf(3)]))).toContain('forked');
  });

  it('starts at a checkpoint, behind which records may be gone', () => {
    const lines = chainOf(12, { closes: false });
    const now = Date.now();
    const { checkpoint } = verify(lines.slice(0, 6), { liveMs: 60_000, now });
    expect(checkpoint.chains).toMatchObject([{ id: 'run-1', seq: 6 }]);
    const live = { checkpoint, liveMs: 60_000, now };
    expect(verify(lines.slice(6), live).findings).toEqual([]);
    expect(verify(lines, live).findings).toEqual([]);
    expect(verify(lines.slice(7), live).findings).toMatchObject([{ fault: 'missing', seq: 7 }]);
    expect(faultsOf(verify(chainOf(12, { closes: false }), live))).toContain('forked');
    expect(faultsOf(verify([], { checkpoint, liveMs: 1000, now: now + 60_000 }))).toEqual(['cut']);
  });

  it('lets lines come in any order where that is said', () => {
    const lines = chainOf(8);
    const redriven = [...lines.slice(4), ...lines.slice(0, 4)];
    expect(faultsOf(verify(redriven))).toEqual(['reordered']);
    expect(verify(redriven, { anyOrder: true }).findings).toEqual([]);
  });
});

describe('an erasure', () => {
  const reason = 'request 7';

  it('leaves nothing of the person, and the chain sound', () => {
    const lines = chainOf(6);
    const erased = lines.map((line, at) =>
      at === 3 ? erasedLine(JSON.parse(line), { reason, time: new Date(), key: signing }) : line,
    );
    const report = verify(erased);
    expect(report).toMatchObject({ findings: [], erased: 1, records: 6 });
    const record = evidenceRecordSchema.parse(JSON.parse(erased[3] ?? ''));
    expect(record).toMatchObject({
      reason: 'reason_2',
      effect: 'ALLOW',
      principal: { id: '[erased]' },
      erased: { reason },
    });
    for (const text of ['ada@', 'Engineering', 'session-1', 'select 1', 'salt', 'req_1'])
      expect(erased[3]).not.toContain(text);
  });

  it('is a fault without a signature, with other content, or on another record', () => {
    const lines = chainOf(6);
    const erase = (at: number, key: typeof signing | null = signing) =>
      erasedLine(JSON.parse(lines[at] ?? ''), { reason, time: new Date(), key: key ?? undefined });
    expect(faultsOf(verify(lines.with(3, erase(3, null))))).toEqual(['signature']);
    expect(faultsOf(verify(lines.with(3, erase(3, keyPair().signing))))).toEqual(['signature']);
    const added = JSON.stringify({ ...JSON.parse(erase(3)), sessionId: 'x' });
    expect(faultsOf(verify(lines.with(3, added)))).toEqual(['changed']);
    const other = JSON.stringify({ ...JSON.parse(erase(3)), erased: JSON.parse(erase(4) ?? '').erased });
    expect(faultsOf(verify(lines.with(3, other)))).toEqual(['signature']);
  });
});

describe('the chain of a spool', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'iris-chain-'));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  function open(): EvidenceSpool {
    return new EvidenceSpool({
      directory,
      maxBytes: 1_000_000,
      onFull: 'drop',
      segmentBytes: 5000,
      segmentMs: 60_000,
      fsyncMs: 60_000,
      chain: newWriter(),
      onError: (error) => {
        throw error;
      },
    });
  }

  async function report(): Promise<ChainReport> {
    const verifier = new ChainVerifier({ keys, liveMs: 0, now: Date.now() });
    for await (const { text, file, line } of readLines(directory)) verifier.add(JSON.parse(text), { file, line });
    return verifier.finish();
  }

  it('goes over files and restarts, and over a run that was killed', async () => {
    const first = open();
    for (let at = 0; at < 9; at += 1) first.append([sampleRecord()]);
    first.close();
    // What the disk holds of a run that was killed: no lease, no closing head, an old note of its end.
    const killed = open();
    const note = readdirSync(directory).filter((name) => name.startsWith('chain-'));
    const old = readFileSync(join(directory, note[0] ?? ''));
    for (let at = 0; at < 3; at += 1) killed.append([sampleRecord(), sampleRecord()]);
    killed.close();
    const [folder = ''] = readdirSync(directory).filter(
      (name) => !name.startsWith('chain-') && name !== folderOf(first),
    );
    const file =
      readdirSync(join(directory, folder))
        .filter((name) => name.endsWith('.jsonl'))
        .sort()
        .at(-1) ?? '';
    const text = readFileSync(join(directory, folder, file), 'utf8')
      .trimEnd()
      .split('\n')
      .slice(0, -1)
      .join('\n');
    writeFileSync(join(directory, folder, file), `${text}\n`);
    writeFileSync(join(directory, note[0] ?? ''), old);

    const last = open();
    last.append([sampleRecord()]);
    last.close();
    const found = await report();
    expect(found.findings).toEqual([]);
    expect(found.records).toBe(16);
    expect(found.chains.map(({ state }) => state).sort()).toEqual(['closed', 'closed', 'continued']);
  });

  it('states in its heads how many records could not be written', async () => {
    const spool = open();
    spool.append([sampleRecord()]);
    const large = sampleRecord({ action: 'x'.repeat(1_000_000) });
    expect(() => spool.append([large, large])).toThrow('full');
    spool.append([sampleRecord()]);
    spool.close();
    expect(await report()).toMatchObject({ findings: [], records: 2, chains: [{ dropped: 2 }] });
    let records = 0;
    for await (const _ of readEvidence(directory, { onUnreadable: () => fail() })) records += 1;
    expect(records).toBe(2);
  });
});

function fail(): never {
  throw new Error('a line was not readable');
}

function folderOf(spool: EvidenceSpool): string {
  return spool.segments[0]?.path.split('/').at(-2) ?? '';
}

function reversedKeys(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).reverse());
}

function changed(lines: string[], at: number, fields: object): string[] {
  return lines.with(at, JSON.stringify({ ...JSON.parse(lines[at] ?? ''), ...fields }));
}

function exchanged(lines: string[], one: number, other: number): string[] {
  return lines.with(one, lines[other] ?? '').with(other, lines[one] ?? '');
}

/** One change of one line, at any depth, or one line that is gone, moved or added. */
function mutation(lines: readonly string[]): fc.Arbitrary<{ what: string; lines: string[] }> {
  const at = fc.nat(lines.length - 1);
  const leaf = at.chain((line) => {
    const paths = leavesOf(JSON.parse(lines[line] ?? ''));
    return fc.constantFrom(...paths).chain((path) =>
      fc.constantFrom('remove', 'replace', 'add').map((how) => ({
        what: `${how} ${path.join('.')} of line ${line}`,
        lines: lines.with(line, JSON.stringify(mutated(JSON.parse(lines[line] ?? ''), path, how))) as string[],
      })),
    );
  });
  const gone = at.map((line) => ({ what: `no line ${line}`, lines: lines.toSpliced(line, 1) as string[] }));
  const moved = fc
    .tuple(at, at)
    .filter(([from, to]) => from !== to)
    .map(([from, to]) => ({
      what: `line ${from} at ${to}`,
      lines: lines.toSpliced(from, 1).toSpliced(to, 0, lines[from] ?? '') as string[],
    }));
  return fc.oneof({ weight: 6, arbitrary: leaf }, { weight: 1, arbitrary: gone }, { weight: 1, arbitrary: moved });
}

function leavesOf(value: unknown, path: readonly string[] = []): string[][] {
  if (typeof value !== 'object' || value === null || Object.keys(value).length === 0) return [[...path]];
  return Object.entries(value).flatMap(([key, inner]) => leavesOf(inner, [...path, key]));
}

function mutated(root: Record<string, unknown>, path: readonly string[], how: string): unknown {
  let parent = root;
  for (const key of path.slice(0, -1)) parent = parent[key] as Record<string, unknown>;
  const key = path.at(-1) ?? '';
  const value = parent[key];
  if (how === 'remove') {
    if (Array.isArray(parent)) parent.splice(Number(key), 1);
    else delete parent[key];
  } else if (how === 'add') {
    if (Array.isArray(parent)) parent.push('more');
    else parent[`${key}2`] = value;
  } else if (typeof value === 'string') parent[key] = `${value.slice(0, -1)}${value.endsWith('0') ? '1' : '0'}`;
  else if (typeof value === 'number') parent[key] = value + 1;
  else if (typeof value === 'boolean') parent[key] = !value;
  else parent[key] = ['other'];
  return root;
}
