import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type ReadEvidenceOptions, readEvidence } from '../src/index.js';
import { sampleRecord } from './sample-record.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'iris-read-'));
});
afterAll(() => rm(folder, { recursive: true }));

const lineOf = (id: string) => `${JSON.stringify(sampleRecord({ id }))}\n`;

async function idsOf(source: Parameters<typeof readEvidence>[0], options?: ReadEvidenceOptions): Promise<string[]> {
  const ids: string[] = [];
  for await (const { id } of readEvidence(source, options)) ids.push(id);
  return ids;
}

describe('reading evidence', () => {
  it('reads folders in the order of names, compressed files too, passes torn lines over, gives each record once', async () => {
    await mkdir(join(folder, 'b'));
    await writeFile(join(folder, 'a.jsonl'), `${lineOf('1')}${lineOf('2')}${lineOf('2').slice(0, 40)}`);
    await writeFile(join(folder, 'b', 'c.jsonl.gz'), gzipSync(`${lineOf('2')}${lineOf('3')}`));
    await writeFile(join(folder, 'd.jsonl'), `{"schema":"other"}\n\n\0\0\0\n${lineOf('4')}`);
    await writeFile(join(folder, 'notes.txt'), lineOf('5'));
    const unreadable: unknown[] = [];
    const repeats: string[] = [];
    const ids = await idsOf(folder, {
      onUnreadable: (place) => unreadable.push(place),
      onRepeat: ({ id }) => repeats.push(id),
    });
    expect(ids).toEqual(['1', '2', '3', '4']);
    expect(repeats).toEqual(['2']);
    expect(unreadable).toEqual([
      { file: join(folder, 'a.jsonl'), line: 3 },
      { file: join(folder, 'd.jsonl'), line: 1 },
      { file: join(folder, 'd.jsonl'), line: 3 },
    ]);
  });

  it('reads streams and files together, and remembers as many ids as it is told', async () => {
    const stream = Readable.from([lineOf('6').slice(0, 100), lineOf('6').slice(100), lineOf('7'), lineOf('6')]);
    expect(await idsOf([stream, join(folder, 'a.jsonl')], { repeatWindow: 1 })).toEqual(['6', '7', '6', '1', '2']);
  });

  it('throws for what cannot be read', async () => {
    await expect(idsOf(join(folder, 'missing'))).rejects.toThrow('ENOENT');
    await writeFile(join(folder, 'broken.jsonl.gz'), 'no gzip');
    await expect(idsOf(join(folder, 'broken.jsonl.gz'))).rejects.toThrow('incorrect header');
  });
});
