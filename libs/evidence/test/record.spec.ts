import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import {
  EVIDENCE_SCHEMA_VERSION,
  type EvidenceRecord,
  evidenceFieldTable,
  evidenceRecordSchema,
  readEvidence,
} from '../src/index.js';
import { sampleRecord } from './sample-record.js';

/** Records as each edition wrote them, one file or more per version. They are never changed. */
const KEPT = join(import.meta.dirname, 'records');

function versionOf(file: string): number {
  return Number(/^schema-(\d+)(?:-\w+)?\.jsonl$/.exec(file)?.[1]);
}

describe('the record', () => {
  it('is read as it was written, and nothing else is taken for one', () => {
    const record = sampleRecord();
    expect(evidenceRecordSchema.parse(JSON.parse(JSON.stringify(record)))).toEqual(record);
    expect(evidenceRecordSchema.safeParse({ ...record, schema: 'iris.evidence.v2' }).success).toBe(false);
    expect(evidenceRecordSchema.safeParse({ ...record, more: 1 }).success).toBe(false);
    const later = { ...record, schemaVersion: EVIDENCE_SCHEMA_VERSION + 1 };
    expect(evidenceRecordSchema.safeParse(later).success).toBe(false);
  });

  it.each(readdirSync(KEPT))('of an earlier edition is still read: %s', async (file) => {
    const lines = readFileSync(join(KEPT, file), 'utf8').trim().split('\n');
    const records: EvidenceRecord[] = [];
    for await (const record of readEvidence(join(KEPT, file))) records.push(record);
    expect(records).toEqual(lines.map((line) => JSON.parse(line)));
    expect(new Set(records.map(({ schemaVersion }) => schemaVersion ?? 1))).toEqual(new Set([versionOf(file)]));
  });

  it('of the version that is written is kept for later readers', () => {
    expect([...new Set(readdirSync(KEPT).map(versionOf))].sort()).toEqual(
      Array.from({ length: EVIDENCE_SCHEMA_VERSION }, (_, index) => index + 1),
    );
  });

  it('documents every field', () => {
    const rows = evidenceFieldTable().trim().split('\n').slice(2);
    const fields = rows.map((row) => row.split(' | '));
    expect(fields.filter((cells) => cells.length !== 4 || cells[3]?.replace('|', '').trim() === '')).toEqual([]);
    const paths = fields.map(([path]) => path?.replace(/^\| `|`$/g, ''));
    expect(paths).toEqual(expect.arrayContaining(['schema', 'principal.attr', 'policy.cerbosCallId', 'replay.scope']));
    const inRecord = Object.keys(sampleRecord());
    expect(inRecord.filter((name) => !paths.includes(name))).toEqual([]);
  });
});
