import { type EvidenceRecord, erasedLine, type SigningKey } from '@iris/evidence';
import type { PoolClient } from 'pg';
import { personKey } from './writing/log-row.js';
import { merge, prepare, rowsOf } from './writing/write-records.js';

export interface PersonErasure {
  readonly reason: string;
  readonly time: Date;
  readonly key?: SigningKey;
}

const PAGE = 500;

/**
 * Erases the personal fields of some records of a person, in the transaction of a client.
 *
 * @returns how many; 0 when none is left
 */
export async function eraseSome(
  client: PoolClient,
  person: string,
  erasure: PersonErasure,
  knownDays: Set<string>,
): Promise<number> {
  const { rows } = await client.query<{ record: object }>(
    'SELECT record FROM decisions WHERE person_key = $1 AND NOT erased ORDER BY time, id LIMIT $2',
    [personKey(person), PAGE],
  );
  if (rows.length === 0) return 0;
  const erased = rows.map(({ record }) => JSON.parse(erasedLine(record, erasure)) as EvidenceRecord);
  const logRows = rowsOf(erased);
  await prepare(client, logRows, knownDays);
  await merge(client, logRows);
  return rows.length;
}
