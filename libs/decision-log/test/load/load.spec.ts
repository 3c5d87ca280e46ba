import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Client } from 'pg';
import { openDecisionLog, type PostgresDecisionLog } from '../../src/index.js';
import { type PostgresServer, startPostgres } from '../../src/testing/index.js';
import { consoleQuestions, timeQuestions } from './console-questions.js';
import { loadRecords } from './load-records.js';

const RECORDS = 200_000;
const LOAD = { records: RECORDS, days: 10, until: new Date() };
const INGESTED = 20_000;

let postgres: PostgresServer;
let log: PostgresDecisionLog;
let client: Client;
const queries: { readonly text: string; readonly parameters: readonly unknown[] }[] = [];

beforeAll(async () => {
  postgres = await startPostgres({ shared_buffers: '256MB', max_wal_size: '2GB' });
  log = openDecisionLog({
    url: postgres.url,
    timeoutMs: 120_000,
    onQuery: (text, parameters) => queries.push({ text, parameters }),
  });
  await log.migrate();
  client = new Client(postgres.url);
  await client.connect();
  const start = performance.now();
  expect(await log.import(loadRecords(LOAD))).toMatchObject({ inserted: RECORDS, repeated: 0, refused: 0 });
  process.stdout.write(`COPY: ${Math.round((RECORDS * 1000) / (performance.now() - start))} records/s\n`);
  await client.query('VACUUM ANALYZE');
});
afterAll(async () => {
  await client.end();
  await log.close();
  await postgres.close();
});

interface Plan {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly Plans?: readonly Plan[];
}

function* nodesOf(plan: Plan): Generator<Plan> {
  yield plan;
  for (const child of plan.Plans ?? []) yield* nodesOf(child);
}

/** The scans of partitions that hold rows, in the plans of what was asked. */
async function scansOf(ask: () => Promise<unknown>) {
  queries.length = 0;
  await ask();
  const asked = queries.splice(0);
  const filled = new Set(
    (await log.status()).partitions
      .filter(({ rows }) => rows > 0)
      .map(({ day }) => `decisions_${day.replaceAll('-', '')}`),
  );
  const scans: { readonly kind: string; readonly partition: string }[] = [];
  for (const { text, parameters } of asked.filter(
    ({ text }) => /\bdecisions\b/.test(text) && !text.includes('pg_inherits'),
  )) {
    const { rows } = await client.query(`EXPLAIN (FORMAT JSON) ${text}`, [...parameters]);
    for (const node of nodesOf(rows[0]['QUERY PLAN'][0].Plan)) {
      const partition = node['Relation Name'] ?? '';
      if (filled.has(partition)) scans.push({ kind: node['Node Type'], partition });
    }
  }
  return scans;
}

describe('200,000 decisions', () => {
  it.each(consoleQuestions(LOAD))('answers "$name" from indexes', async ({ run, days }) => {
    const scans = await scansOf(() => run(log, 3));
    expect(scans.filter(({ kind }) => kind === 'Seq Scan')).toEqual([]);
    if (days !== undefined) expect(new Set(scans.map(({ partition }) => partition)).size).toBeLessThanOrEqual(days);
  });

  it('finds one decision in the partitions around the time of its id', async () => {
    const [decision] = (await log.list({})).decisions;
    const scans = await scansOf(() => log.get(decision?.id ?? ''));
    expect(new Set(scans.map(({ partition }) => partition)).size).toBeLessThanOrEqual(3);
    expect(scans.length).toBeGreaterThan(0);
  });

  it('counts as many as were loaded', async () => {
    const from = new Date(LOAD.until.getTime() - 11 * 86_400_000);
    const counts = await log.counts({ from, to: new Date(LOAD.until.getTime() + 1) }, 'day');
    expect(counts.reduce((sum, { count }) => sum + count, 0)).toBe(RECORDS);
    const { rows } = await client.query('SELECT count(*)::integer AS n FROM decisions');
    expect(rows).toEqual([{ n: RECORDS }]);
  });

  it('prints how long each question takes', async () => {
    const lines = await timeQuestions(log, consoleQuestions(LOAD), 20);
    process.stdout.write(`${lines.join('\n')}\n`);
    expect(lines).toHaveLength(consoleQuestions(LOAD).length);
  });

  it('prints how fast batches of the auditor are stored', async () => {
    const until = new Date(LOAD.until.getTime() + 3_600_000);
    const start = performance.now();
    let batch = [];
    let stored = 0;
    for await (const record of loadRecords({ records: INGESTED, days: 0.04, until })) {
      batch.push(record);
      if (batch.length < 500) continue;
      stored += (await log.insert(batch)).inserted;
      batch = [];
    }
    process.stdout.write(`batches of 500: ${Math.round((INGESTED * 1000) / (performance.now() - start))} records/s\n`);
    expect(stored).toBe(INGESTED);
  });
});
