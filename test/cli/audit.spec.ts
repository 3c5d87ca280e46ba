import { generateKeyPairSync } from 'node:crypto';
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ChainWriter, type EvidenceRecord, EvidenceSpool, signingKey } from '@iris/evidence';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { followEvidence } from '../../apps/cli/src/evidence/follow-evidence.js';
import { sampleRecord } from '../../libs/evidence/test/sample-record.js';
import { runIris } from './run-iris.js';

let folder: string;
let evidence: string;
let keyFile: string;
let publicFile: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'iris-audit-'));
  evidence = join(folder, 'evidence');
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  keyFile = join(folder, 'key.pem');
  publicFile = join(folder, 'key.pub.pem');
  writeFileSync(keyFile, privateKey.export({ type: 'pkcs8', format: 'pem' }));
  writeFileSync(publicFile, publicKey.export({ type: 'spki', format: 'pem' }));
});
afterEach(() => rmSync(folder, { recursive: true }));

const person = (id: string): EvidenceRecord['principal'] => ({ id, roles: ['user'], attr: { department: 'Platform' } });

function record(records: readonly EvidenceRecord[]): void {
  const spool = new EvidenceSpool({
    directory: evidence,
    maxBytes: 1_000_000,
    onFull: 'drop',
    segmentBytes: 4000,
    segmentMs: 60_000,
    fsyncMs: 60_000,
    chain: new ChainWriter({ headRecords: 3, headSeconds: 60, key: signingKey(readFileSync(keyFile, 'utf8')) }),
    onError: (error) => {
      throw error;
    },
  });
  for (const one of records) spool.append([one]);
  spool.close();
}

function files(): string[] {
  return readdirSync(evidence, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.jsonl'))
    .map((name) => join(evidence, name))
    .sort();
}

function replaceIn(file: string, from: string, to: string): void {
  writeFileSync(file, readFileSync(file, 'utf8').replace(from, to));
}

interface Verified {
  readonly records: number;
  readonly faults: number;
  readonly findings: { fault: string; id?: string; file?: string; line?: number; seq?: number }[];
}

async function verify(...args: string[]): Promise<Verified & { code: number }> {
  const run = await runIris(['evidence', 'verify', '--json', evidence, ...args]);
  return { ...run.json<Verified>(), code: run.code };
}

describe('iris evidence verify', () => {
  it('finds nothing in what was written, and states which record was changed', async () => {
    const records = Array.from({ length: 7 }, () => sampleRecord());
    record(records);
    const sound = await runIris(['evidence', 'verify', evidence, '--public-key', publicFile]);
    expect([sound.code, sound.err]).toEqual([0, '']);
    expect(sound.out).toContain('No errors found.');

    const [first = ''] = files();
    replaceIn(first, '"effect":"ALLOW"', '"effect":"DENY"');
    const changed = await verify('--public-key', publicFile);
    expect(changed).toMatchObject({
      code: 1,
      faults: 1,
      findings: [{ fault: 'changed', id: records[0]?.id, file: first, line: 2 }],
    });
    replaceIn(first, '"effect":"DENY"', '"effect":"DENY","effect":"ALLOW"');
    expect((await verify()).findings[0]).toMatchObject({ fault: 'duplicate_key', line: 2 });
    appendFileSync(first, '{"half":');
    expect((await verify()).findings.map(({ fault }) => fault)).toContain('unreadable');
  });

  it('starts at the checkpoint of an earlier run, when older files are gone', async () => {
    const checkpoint = join(folder, 'checkpoint.json');
    record([sampleRecord(), sampleRecord()]);
    expect(await verify('--write-checkpoint', checkpoint)).toMatchObject({ code: 0, records: 2 });
    for (const file of files()) rmSync(file);
    record([sampleRecord(), sampleRecord(), sampleRecord()]);
    expect((await verify()).findings[0]).toMatchObject({ fault: 'missing' });
    const since = await verify('--checkpoint', checkpoint, '--public-key', publicFile);
    expect(since).toMatchObject({ code: 0, records: 3, findings: [] });

    const run = await runIris(['evidence', 'verify', evidence, '--checkpoint', publicFile]);
    expect([run.code, run.err]).toEqual([2, expect.stringContaining('--write-checkpoint writes one')]);
    const wrongKey = await runIris(['evidence', 'verify', evidence, '--public-key', checkpoint]);
    expect([wrongKey.code, wrongKey.err]).toEqual([2, expect.stringContaining('openssl pkey -pubout')]);
  });
});

describe('iris person', () => {
  it('exports the records of a person and erases what they hold of the person; the chain holds', async () => {
    record([
      sampleRecord({ principal: person('ada@example.com') }),
      sampleRecord({ principal: person('bob@example.com') }),
      sampleRecord({ principal: person('Ada@Example.com') }),
    ]);
    const [file = ''] = files();
    const exported = await runIris(['person', 'export', 'ada@example.com', evidence]);
    expect(exported.code).toBe(0);
    expect(
      exported.out
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).principal.attr.department),
    ).toEqual(['Platform', 'Platform']);

    const erase = ['person', 'erase', 'ada@example.com', evidence, '--reason', 'request 7', '--key', keyFile];
    const before = readFileSync(file, 'utf8');
    expect((await runIris([...erase, '--dry-run'])).out).toContain('to be erased: 2 records');
    expect(readFileSync(file, 'utf8')).toBe(before);
    expect((await runIris([...erase, '--json'])).json()).toMatchObject({ records: 2 });
    expect(
      files()
        .map((path) => readFileSync(path, 'utf8'))
        .join(''),
    ).not.toMatch(/ada@/i);
    expect(readFileSync(file, 'utf8')).toContain('bob@example.com');
    expect(await verify('--public-key', publicFile)).toMatchObject({ code: 0, records: 3, erased: 2 });
    expect((await runIris(['report', '--json', evidence])).code).toBe(0);
    expect((await runIris(erase)).code).toBe(1);
  }, 20_000);
});

describe('iris evidence list and tail', () => {
  const records = [
    sampleRecord({ time: '2026-11-05T10:00:00.000Z', action: 'mcp__jira__create_issue' }),
    sampleRecord({
      time: '2026-11-05T11:00:00.000Z',
      action: 'mcp__db__drop',
      effect: 'DENY',
      reason: 'policy_denied',
      policy: { version: 'default', rules: ['resource.aperture_hook.vdefault#drop'], derivedRoles: [], outputs: [] },
    }),
    sampleRecord({ time: '2026-11-05T12:00:00.000Z', principal: person('bob@example.com') }),
  ];
  beforeEach(() => record(records));

  it.each([
    [['--person', 'BOB@example.com'], [2]],
    [['--tool', 'mcp__*__create_*'], [0]],
    [
      ['--tool', 'mcp__db__*', '--tool', 'mcp__jira__create_issue'],
      [0, 1, 2],
    ],
    [['--effect', 'deny'], [1]],
    [['--rule', 'drop'], [1]],
    [
      ['--reason', 'policy_denied', '--reason', 'policy_allowed'],
      [0, 1, 2],
    ],
    [['--since', '2026-11-05T11:00:00Z', '--until', '2026-11-05T12:00:00Z'], [1]],
    [['--since', '1h'], []],
  ])('filter by %j', async (filter, wanted) => {
    const run = await runIris(['evidence', 'list', '--json', evidence, ...filter]);
    const ids = run.out.split('\n').flatMap((line) => (line === '' ? [] : JSON.parse(line).id));
    expect(ids).toEqual(wanted.map((at) => records[at]?.id));
    expect(run.code).toBe(wanted.length === 0 ? 1 : 0);
  });

  it('print tables, and refuse what they do not understand by name', async () => {
    const list = await runIris(['evidence', 'list', evidence, '--limit', '1']);
    expect(list.out).toContain('mcp__jira__create_issue');
    expect(list.err).toContain('2 more pass the filter');
    const tail = await runIris(['evidence', 'tail', evidence, '-n', '1']);
    expect(tail.out).toContain('bob@example.com');
    expect(tail.out).not.toContain('create_issue');
    const wrong = await runIris(['evidence', 'list', evidence, '--since', 'yesterday']);
    expect([wrong.code, wrong.err]).toEqual([2, expect.stringContaining('--since')]);
  });

  it('follows what is added', async () => {
    const end = new AbortController();
    const ids: string[] = [];
    const following = (async () => {
      for await (const one of followEvidence([evidence], end.signal)) ids.push(one === 'caught up' ? one : one.id);
    })();
    while (!ids.includes('caught up')) await sleep(20);
    const more = sampleRecord();
    record([more]);
    while (!ids.includes(more.id)) await sleep(20);
    end.abort();
    await following;
    expect(ids).toEqual([...records.map(({ id }) => id), 'caught up', more.id]);
  });
});

describe('iris why', () => {
  it('answers with decision, facts and their ends, rule, log lines and trace', async () => {
    const traceId = 'ab'.repeat(16);
    record([
      sampleRecord(),
      sampleRecord({
        traceId,
        requestId: 'req_why',
        effect: 'DENY',
        reason: 'policy_denied',
        policy: { version: 'v', matched: 'p', rules: ['p#no-prod'], derivedRoles: [], outputs: [] },
        sources: {
          okta: { status: 'fresh', ageSeconds: 3, staleUntil: '2026-11-05T11:00:00.000Z', origin: 'redis' },
          workday: { status: 'unavailable', reason: 'source_timeout', origin: 'none' },
        },
        revisions: { iris: '1.2.3', policies: 'rev-7', catalog: 'cat-9' },
      }),
    ]);
    const logs = join(folder, 'gateway.log');
    writeFileSync(
      logs,
      [
        { msg: 'hook answered', trace_id: traceId, rules: ['p#no-prod'] },
        { msg: 'other', trace_id: 'x' },
      ]
        .map(
          (line) =>
            `${JSON.stringify({ level: 'info', time: '2026-11-05T10:00:00.000Z', name: 'gateway', ...line })}\n`,
        )
        .join(''),
    );
    for (const id of ['req_why', traceId]) {
      const { code, out } = await runIris(['why', id, evidence, '--logs', logs]);
      expect(code).toBe(0);
      for (const text of [
        'p#no-prod',
        traceId,
        'okta',
        '2026-11-05T11:00:00.000Z',
        'source_timeout',
        'rev-7',
        'cat-9',
        'hook answered',
      ]) {
        expect(out).toContain(text);
      }
      expect(out).not.toContain('other');
    }
    expect((await runIris(['why', 'req_none', evidence])).code).toBe(1);
    const json = (await runIris(['why', 'req_why', evidence, '--json'])).json();
    expect(json).toMatchObject({
      traceIds: [traceId],
      facts: [{ attribute: 'department', value: 'Engineering', source: 'okta', end: '2026-11-05T11:00:00.000Z' }],
    });
  });
});
