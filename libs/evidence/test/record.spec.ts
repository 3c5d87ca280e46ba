import { describe, expect, it } from '@jest/globals';
import { evidenceFieldTable, evidenceRecordSchema } from '../src/index.js';
import { sampleRecord } from './sample-record.js';

describe('the record', () => {
  it('is read as it was written, and nothing else is taken for one', () => {
    const record = sampleRecord();
    expect(evidenceRecordSchema.parse(JSON.parse(JSON.stringify(record)))).toEqual(record);
    expect(evidenceRecordSchema.safeParse({ ...record, schema: 'iris.evidence.v2' }).success).toBe(false);
    expect(evidenceRecordSchema.safeParse({ ...record, more: 1 }).success).toBe(false);
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
