import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { EvidenceSpool, SpoolFullError, type SpoolOptions } from '../src/index.js';
import { sampleRecord } from './sample-record.js';

const ALL = { maxRecords: 1000, maxBytes: 1_000_000 };
const LINE_BYTES = Buffer.byteLength(`${JSON.stringify(sampleRecord())}\n`);

let directory: string;
let spools: EvidenceSpool[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'iris-spool-'));
});
afterEach(() => {
  for (const spool of spools) spool.close();
  spools = [];
  rmSync(directory, { recursive: true });
});

function openSpool(options: Partial<SpoolOptions> = {}): EvidenceSpool {
  const spool = new EvidenceSpool({
    directory,
    maxBytes: 1_000_000,
    onFull: 'block',
    segmentBytes: 3 * LINE_BYTES,
    segmentMs: 60_000,
    fsyncMs: 60_000,
    onError: (error) => {
      throw error;
    },
    ...options,
  });
  spools.push(spool);
  return spool;
}

async function idsIn(spool: EvidenceSpool): Promise<string[]> {
  const batches = await Promise.all(spool.segments.map((segment) => segment.read(ALL)));
  return batches.flatMap((batch) => (batch?.lines ?? []).map((line) => JSON.parse(line).id as string));
}

function append(spool: EvidenceSpool, total: number): string[] {
  const records = Array.from({ length: total }, () => sampleRecord());
  for (const record of records) spool.append([record]);
  return records.map(({ id }) => id);
}

function folders(): string[] {
  return readdirSync(directory).sort();
}

/** What a process that is dead leaves: a lease that names it, and a segment. */
function orphan(lines: string, lease: object = { pid: deadPid(), system: 'other', startTicks: '1' }): string {
  const folder = join(directory, '00000000-dead');
  mkdirSync(folder);
  writeFileSync(join(folder, 'lease.json'), JSON.stringify(lease));
  writeFileSync(join(folder, '00000000-dead-00000001.jsonl'), lines);
  return folder;
}

function deadPid(): number {
  return spawnSync('true').pid;
}

describe('the spool', () => {
  it('keeps records in order over several segments, and removes those that are delivered and closed', async () => {
    const spool = openSpool();
    const ids = append(spool, 8);
    expect(await idsIn(spool)).toEqual(ids);
    expect(spool.segments.map(({ size }) => size / LINE_BYTES)).toEqual([3, 3, 2]);

    for (const segment of spool.segments) {
      const batch = await segment.read(ALL);
      if (batch !== undefined) segment.confirm(batch);
    }
    spool.removeDelivered();
    expect(spool.segments).toHaveLength(1);
    expect(spool.bytes).toBe(2 * LINE_BYTES);
    spool.close();
    expect(folders()).toEqual([]);
  });

  it('reads batches within their limits, and a line that is longer than a batch', async () => {
    const spool = openSpool({ segmentBytes: 1_000_000 });
    append(spool, 3);
    const [segment] = spool.segments;
    const two = await segment?.read({ maxRecords: 2, maxBytes: 1_000_000 });
    expect([two?.lines.length, two?.from, two?.to]).toEqual([2, 0, 2 * LINE_BYTES]);
    expect((await segment?.read({ maxRecords: 5, maxBytes: LINE_BYTES + 5 }))?.lines).toHaveLength(1);
    expect((await segment?.read({ maxRecords: 5, maxBytes: 10 }))?.lines).toHaveLength(1);
  });

  it('keeps a segment while a batch of it is set aside', async () => {
    const spool = openSpool();
    append(spool, 3);
    const [segment] = spool.segments;
    const first = await segment?.read({ maxRecords: 1, maxBytes: 1_000_000 });
    if (segment === undefined || first === undefined) throw new Error('nothing to read');
    segment.putAside(first);
    const rest = await segment.read(ALL);
    expect(rest?.lines).toHaveLength(2);
    if (rest !== undefined) segment.confirm(rest);
    append(spool, 1);
    spool.removeDelivered();
    expect(existsSync(segment.path)).toBe(true);
    expect((await segment.read(ALL, first))?.lines).toEqual(first.lines);
    segment.confirm(first);
    spool.removeDelivered();
    expect(existsSync(segment.path)).toBe(false);
  });

  it('is bounded: it stops accepting before the limit and refuses at it', () => {
    const spool = openSpool({ maxBytes: 10 * LINE_BYTES });
    append(spool, 8);
    expect(spool.accepting()).toBe(true);
    append(spool, 1);
    expect(spool.accepting()).toBe(false);
    append(spool, 1);
    expect(() => append(spool, 1)).toThrow(SpoolFullError);
    expect(spool.bytes).toBe(10 * LINE_BYTES);
  });

  it('always accepts when records are to be dropped in need', () => {
    const spool = openSpool({ maxBytes: LINE_BYTES, onFull: 'drop' });
    append(spool, 1);
    expect(() => append(spool, 1)).toThrow(SpoolFullError);
    expect(spool.accepting()).toBe(true);
  });

  it('writes again what it wrote into a file that was deleted meanwhile', async () => {
    const spool = openSpool();
    append(spool, 1);
    rmSync(spool.segments[0]?.path ?? '');
    const ids = append(spool, 1);
    expect(await idsIn(spool)).toEqual(ids);
  });
});

describe('segments of other processes', () => {
  it('leaves those of a process that lives', () => {
    const living = openSpool();
    append(living, 2);
    const other = openSpool();
    expect(other.segments).toEqual([]);
    expect(living.segments).toHaveLength(1);
  });

  it('takes those of a process that closed its spool', async () => {
    const closed = openSpool();
    const ids = append(closed, 4);
    closed.close();
    const next = openSpool();
    expect(await idsIn(next)).toEqual(ids);
    expect(folders()).toHaveLength(1);
  });

  it('takes those of a process that is dead, passes a torn line at the end over, and ships them first', async () => {
    const own = openSpool();
    const [lease] = readdirSync(join(directory, folders()[0] ?? '')).filter((name) => name === 'lease.json');
    expect(lease).toBe('lease.json');
    own.close();

    const kept = sampleRecord();
    const text = JSON.stringify(kept);
    const folder = orphan(`${text}\n${text.slice(0, 50)}`);
    utimesSync(join(folder, 'lease.json'), new Date(0), new Date(0));
    const spool = openSpool();
    const ids = append(spool, 1);
    expect(await idsIn(spool)).toEqual([kept.id, ...ids]);
    const [taken] = spool.segments;
    const batch = await taken?.read(ALL);
    if (batch !== undefined) taken?.confirm(batch);
    expect(await taken?.read(ALL)).toBeUndefined();
    expect(taken?.delivered).toBe(true);
    expect(existsSync(folder)).toBe(false);
  });

  it('waits for the lease of another host or container to run out', () => {
    const folder = orphan('');
    expect(openSpool().segments).toEqual([]);
    utimesSync(join(folder, 'lease.json'), new Date(Date.now() - 31_000), new Date(Date.now() - 31_000));
    expect(openSpool().segments).toHaveLength(1);
  });

  it('keeps a taken segment to which its writer, that was only stopped, wrote once more', async () => {
    const text = `${JSON.stringify(sampleRecord())}\n`;
    const folder = orphan(text);
    utimesSync(join(folder, 'lease.json'), new Date(0), new Date(0));
    const spool = openSpool();
    const [taken] = spool.segments;
    const batch = await taken?.read(ALL);
    if (taken === undefined || batch === undefined) throw new Error('nothing was taken');
    taken.confirm(batch);
    appendFileSync(taken.path, text);
    spool.removeDelivered();
    expect((await taken.read(ALL))?.lines).toHaveLength(1);
    truncateSync(taken.path, Buffer.byteLength(text));
  });
});
