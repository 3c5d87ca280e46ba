import { Client } from 'pg';
import { openDecisionLog } from '../../src/index.js';
import { startPostgres } from '../../src/testing/index.js';
import { consoleQuestions, timeQuestions } from './console-questions.js';
import { type LoadOptions, loadRecords } from './load-records.js';

/**
 * Loads records by COPY into a PostgreSQL of its own and times the questions of the console:
 * `node --import tsx libs/decision-log/test/load/measure.ts [records] [days] [most minutes of loading]`.
 */
const [records = 1_000_000, days = 30, minutes = 600] = process.argv.slice(2).map(Number);
const until = new Date();
const load: LoadOptions = { records, days, until };
const print = (line: string) => process.stdout.write(`${line}\n`);

const postgres = await startPostgres({ shared_buffers: '1GB', work_mem: '16MB', max_wal_size: '4GB' });
const log = openDecisionLog({ url: postgres.url, timeoutMs: 600_000 });
try {
  await log.migrate();
  const start = performance.now();
  const endsAt = start + minutes * 60_000;
  let given = 0;
  const some = async function* () {
    for await (const record of loadRecords(load)) {
      if (performance.now() > endsAt) return;
      given += 1;
      yield record;
    }
  };
  await log.import(some(), (done) => {
    if (done % 500_000 === 0) print(`${done} records, ${Math.round((done * 1000) / (performance.now() - start))}/s`);
  });
  const seconds = (performance.now() - start) / 1000;
  print(`loaded ${given} records in ${seconds.toFixed(0)} s: ${Math.round(given / seconds)}/s`);

  const client = new Client(postgres.url);
  await client.connect();
  await client.query('VACUUM ANALYZE');
  const { rows } = await client.query(
    "SELECT sum(pg_total_relation_size(inhrelid)) AS bytes FROM pg_inherits WHERE inhparent = 'decisions'::regclass",
  );
  await client.end();
  print(`size ${(Number(rows[0].bytes) / 1e9).toFixed(1)} GB`);

  const loaded = { records: given, days: (days * given) / records, until: (await log.status()).newest ?? until };
  for (const line of await timeQuestions(log, consoleQuestions(loaded), 40)) print(line);
} finally {
  await log.close();
  await postgres.close();
}
