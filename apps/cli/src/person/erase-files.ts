import { createReadStream, createWriteStream } from 'node:fs';
import { type FileHandle, open, rename, unlink, utimes } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { createGzip } from 'node:zlib';
import {
  type EvidenceLine,
  type EvidenceRecord,
  erasedLine,
  evidenceFiles,
  evidenceRecordSchema,
  readLines,
  type SigningKey,
} from '@iris/evidence';

export interface Erasure {
  readonly reason: string;
  readonly time: Date;
  readonly key?: SigningKey;
}

export interface ErasedFile {
  readonly file: string;
  readonly records: number;
}

/** How long a process that has the old file open may need to end a write that it began, in ms. */
const SETTLE_MS = 2000;
const NEWLINE = 0x0a;

/**
 * Erases the personal fields of a person's records in files. A file is replaced whole by one that holds the other lines
 * as they were, so a failure leaves the old one. What another process appends meanwhile is carried over.
 *
 * @param dryRun counts only
 * @throws Error when a file cannot be read or replaced
 */
export async function eraseInFiles(
  sources: readonly string[],
  isWanted: (record: EvidenceRecord) => boolean,
  erasure: Erasure,
  dryRun: boolean,
): Promise<ErasedFile[]> {
  const erased: ErasedFile[] = [];
  const replaced: ReplacedFile[] = [];
  const lineOf = (line: EvidenceLine) => erasedOf(line, isWanted, erasure);
  try {
    for (const source of sources) {
      for (const file of await evidenceFiles(source)) {
        let records = 0;
        for await (const line of readLines(file)) if (lineOf(line) !== undefined) records += 1;
        if (records === 0) continue;
        erased.push({ file, records });
        if (!dryRun) replaced.push(await replace(file, lineOf));
      }
    }
    if (replaced.length > 0) await sleep(SETTLE_MS);
    for (const { file, old, size } of replaced) await carryOver(file, old, size);
  } finally {
    for (const { old } of replaced) await old.close();
  }
  return erased;
}

interface ReplacedFile {
  readonly file: string;
  /** The file as it was, still open. */
  readonly old: FileHandle;
  /** How much of it is in the new one, in bytes. */
  readonly size: number;
}

function erasedOf(
  { text }: EvidenceLine,
  isWanted: (record: EvidenceRecord) => boolean,
  erasure: Erasure,
): string | undefined {
  const value = jsonOf(text);
  const record = evidenceRecordSchema.safeParse(value).data;
  if (record === undefined || record.erased !== undefined || !isWanted(record)) return undefined;
  return erasedLine(value as object, erasure);
}

async function replace(file: string, lineOf: (line: EvidenceLine) => string | undefined): Promise<ReplacedFile> {
  const old = await open(file, 'r');
  const temporary = `${file}.erasing`;
  try {
    const { size: now, mode, atime, mtime } = await old.stat();
    const isCompressed = file.endsWith('.gz');
    // A line that is being written is carried over whole.
    const size = isCompressed ? now : await endOfLastLine(old, now);
    const source = isCompressed ? file : createReadStream(file, { end: Math.max(0, size - 1) });
    const lines = async function* () {
      if (size === 0) return;
      for await (const line of readLines(source)) yield `${lineOf(line) ?? line.text}\n`;
    };
    const target = createWriteStream(temporary, { flags: 'wx', mode: mode & 0o777, flush: true });
    await (isCompressed ? pipeline(lines, createGzip(), target) : pipeline(lines, target));
    await utimes(temporary, atime, mtime);
    await rename(temporary, file);
    return { file, old, size };
  } catch (error) {
    await old.close();
    await unlink(temporary).catch(() => undefined);
    throw error;
  }
}

async function endOfLastLine(handle: FileHandle, size: number): Promise<number> {
  const chunk = Buffer.alloc(64 * 1024);
  for (let end = size; end > 0; ) {
    const from = Math.max(0, end - chunk.length);
    const { bytesRead } = await handle.read(chunk, 0, end - from, from);
    const at = chunk.subarray(0, bytesRead).lastIndexOf(NEWLINE);
    if (at >= 0) return from + at + 1;
    end = from;
  }
  return 0;
}

/** What was appended to the old file after it was read. */
async function carryOver(file: string, old: FileHandle, from: number): Promise<void> {
  const { size } = await old.stat();
  if (size <= from) return;
  const more = Buffer.alloc(size - from);
  await old.read(more, 0, more.length, from);
  const target = await open(file, 'a');
  try {
    await target.appendFile(more);
    await target.sync();
  } finally {
    await target.close();
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
