import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Client } from 'pg';
import { openDecisionLog, type PostgresDecisionLog } from '../src/index.js';
import { type PostgresServer, startPostgres } from '../src/testing/index.js';
import { sampleRecord } from './sample-record.js';

const WINDOW = { from: new Date('2026-11-01T00:00:00Z'), to: new Date('2026-11-08T00:00:00Z') };

let postgres: PostgresServer;
let log: PostgresDecisionLog;

beforeAll(async () => {
  postgres = await startPostgres({ fsync: 'off' });
  log = openDecisionLog(postgres.url);
  await log.migrate();
});
afterAll(async () => {
  await log.close();
  await postgres.close();
});

describe('a backup by pg_dump, restored by pg_restore', () => {
  it('holds every decision and count, and takes further records', async () => {
    const records = Array.from({ length: 200 }, (_, index) =>
      sampleRecord({ time: new Date(Date.parse('2026-11-02T00:00:00Z') + index * 1_800_000).toISOString() }),
    );
    await log.insert(records);
    const connection = ['--host=127.0.0.1', `--port=${postgres.port}`, '--username=postgres'];
    postgres.run('pg_dump', ...connection, '--format=directory', '--file=backup', 'postgres');
    const client = new Client(postgres.url);
    await client.connect();
    await client.query('CREATE DATABASE restored');
    await client.end();
    postgres.run('pg_restore', ...connection, '--dbname=restored', '--exit-on-error', 'backup');

    const restored = openDecisionLog(postgres.url.replace(/\/postgres$/, '/restored'));
    try {
      const shown = async (of: PostgresDecisionLog) => [
        (await of.list({}, { limit: 500 })).decisions,
        await of.counts(WINDOW, 'day'),
      ];
      expect(await shown(restored)).toEqual(await shown(log));
      expect((await restored.list({}, { limit: 500 })).decisions).toHaveLength(200);
      expect(await restored.migrate()).toEqual([]);
      const [first] = records;
      expect(await restored.insert([first as never, sampleRecord({ time: '2026-11-05T01:02:03Z' })])).toEqual({
        inserted: 1,
        repeated: 1,
        erased: 0,
      });
    } finally {
      await restored.close();
    }
  });
});
