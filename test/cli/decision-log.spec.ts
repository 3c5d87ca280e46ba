import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { openDecisionLog } from '@iris/decision-log';
import { type PostgresServer, startPostgres } from '@iris/decision-log/testing';
import type { EvidenceRecord } from '@iris/evidence';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { sampleRecord } from '../../libs/evidence/test/sample-record.js';
import { runIris } from './run-iris.js';

const ada = sampleRecord();
const ben = sampleRecord({
  principal: {
    id: 'Ben@example.com',
    roles: ['user'],
    attr: { department: 'Sales', note: 'tab\t, "quote", \\ and \n line' },
  },
  effect: 'DENY',
});
const WINDOW = { from: new Date('2026-11-05T00:00:00Z'), to: new Date('2026-11-06T00:00:00Z') };

let postgres: PostgresServer;
let folder: string;
let file: string;

const linesOf = (...records: EvidenceRecord[]) => records.map((record) => `${JSON.stringify(record)}\n`).join('');
const iris = (...args: string[]) => runIris([...args, '--decision-log', postgres.url]);

beforeAll(async () => {
  postgres = await startPostgres({ fsync: 'off' });
  folder = mkdtempSync(join(tmpdir(), 'iris-log-cli-'));
  file = join(folder, 'a.jsonl');
  writeFileSync(file, `${linesOf(ada, ben)}{"torn`);
});
afterAll(async () => {
  await postgres.close();
  rmSync(folder, { recursive: true });
});

describe('iris decision-log', () => {
  it('states what to do about a database without tables', async () => {
    const { code, err } = await iris('decision-log', 'status');
    expect(err).toContain('iris decision-log migrate');
    expect(code).toBe(2);
  });

  it('migrates once', async () => {
    expect((await iris('decision-log', 'migrate')).out).toBe('migrated: 0001_decisions, 0002_access_entries\n');
    expect((await iris('decision-log', 'migrate')).out).toBe('the tables are of this release\n');
  });

  it('imports the records of files, each once', async () => {
    const ahead = sampleRecord({ time: new Date(Date.now() + 9 * 86_400_000).toISOString() });
    const packed = join(folder, 'b.jsonl.gz');
    writeFileSync(packed, gzipSync(linesOf(ada, ahead, sampleRecord())));
    const first = await iris('decision-log', 'import', folder, '--json');
    expect(first.code).toBe(1);
    expect(JSON.parse(first.out)).toEqual({ inserted: 3, repeated: 0, erased: 0, refused: 1, unreadable: 1 });
    const second = await iris('decision-log', 'import', file, '--json');
    expect(JSON.parse(second.out)).toMatchObject({ inserted: 0, repeated: 2 });
    const log = openDecisionLog(postgres.url);
    expect((await log.get(ben.id))?.record).toEqual(ben);
    const counts = await log.counts(WINDOW, 'day');
    expect(counts.reduce((sum, { count }) => sum + count, 0)).toBe(3);
    await log.close();
  });

  it('shows its status', async () => {
    const { out } = await iris('decision-log', 'status');
    expect(out).toContain('migration: 0002_access_entries');
    expect(out).toContain('2026-11-05');
    const status = JSON.parse((await iris('decision-log', 'status', '--json')).out);
    expect(status).toMatchObject({ oldest: ada.time, newest: ada.time });
  });

  it('names a URL of another form by its setting and quotes nothing', async () => {
    const { code, err } = await runIris(['decision-log', 'status', '--decision-log', 'mysql://u:s3cr3t@h/d']);
    expect(code).toBe(2);
    expect(err).toContain('decisionLog.url');
    expect(err).not.toContain('s3cr3t');
  });
});

describe('the rights of a person', () => {
  it('exports the records of files and log, each once', async () => {
    const { out } = await iris('person', 'export', 'ben@example.com', file);
    expect(
      out
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toEqual([ben]);
    const { out: fromLog } = await iris('person', 'export', 'ben@example.com');
    expect(JSON.parse(fromLog)).toEqual(ben);
  });

  it('erases them in files and log, so that an import brings nothing back', async () => {
    const dry = await iris('person', 'erase', 'ben@example.com', file, '--reason', 'request 7', '--dry-run', '--json');
    expect(JSON.parse(dry.out)).toMatchObject({ records: 2, decisionLog: 1 });
    const erased = await iris('person', 'erase', 'ben@example.com', file, '--reason', 'request 7', '--json');
    expect(JSON.parse(erased.out)).toMatchObject({ records: 2, decisionLog: 1 });
    expect((await iris('person', 'export', 'ben@example.com', file)).code).toBe(1);
    await iris('decision-log', 'import', file);
    const dump = postgres.run('pg_dump', '--dbname', postgres.url, '--data-only', '--inserts');
    expect(dump).not.toMatch(/ben@example/i);
    expect(dump).toContain(ben.id);
  });
});

describe('backup and restore', () => {
  it('gives back every decision, and a tail continues', async () => {
    const log = openDecisionLog(postgres.url);
    const { cursor } = await log.since(undefined);
    const backup = join('/tmp', `iris-backup-${postgres.port}.dump`);
    postgres.run('pg_dump', '--dbname', postgres.url, '--format=custom', '--file', backup);
    postgres.run(
      'createdb',
      '--host',
      '127.0.0.1',
      '--port',
      String(postgres.port),
      '--username',
      'postgres',
      'restored',
    );
    const url = postgres.url.replace(/postgres$/, 'restored');
    postgres.run('pg_restore', '--dbname', url, '--exit-on-error', backup);
    rmSync(backup);
    const restored = openDecisionLog(url);
    const all = async (from: typeof log) => {
      const records: EvidenceRecord[] = [];
      for await (const record of from.window({})) records.push(record);
      return records;
    };
    expect(await all(restored)).toEqual(await all(log));
    expect(await restored.counts(WINDOW, 'hour')).toEqual(await log.counts(WINDOW, 'hour'));
    expect(await restored.migrate()).toEqual([]);
    const next = sampleRecord();
    expect(await restored.insert([ada, next])).toMatchObject({ inserted: 1, repeated: 1 });
    expect((await restored.since(cursor)).decisions.map(({ id }) => id)).toEqual([next.id]);
    await restored.close();
    await log.close();
  });
});
