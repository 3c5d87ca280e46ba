import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { HEAD_SCHEMA } from '../chain/chain-head.js';
import { type EvidenceRecord, evidenceRecordSchema } from '../record.js';
import { RecentIds } from './recent-ids.js';

export interface ReadEvidenceOptions {
  /**
   * Over how many records repeats are looked for. Deliveries that are made twice lie close together; the memory of the
   * ids is what bounds it.
   */
  readonly repeatWindow?: number;
  /** Called for a line that is no record of this version: torn by a crash, or something else. */
  readonly onUnreadable?: (place: { readonly file: string; readonly line: number }) => void;
  /** Called for a record that was there before. */
  readonly onRepeat?: (record: EvidenceRecord) => void;
}

const DEFAULT_WINDOW = 1_000_000;
const FILE_NAME = /\.jsonl(\.gz)?$/;

/**
 * The records in files, in folders of `.jsonl` or `.jsonl.gz` files (read in the order of their names, with all folders
 * below), or in streams of JSON lines. Each record comes once. Memory is bounded by the window, not by the input.
 *
 * @throws Error when a path cannot be read
 */
export async function* readEvidence(
  sources: string | Readable | readonly (string | Readable)[],
  options: ReadEvidenceOptions = {},
): AsyncGenerator<EvidenceRecord, void, undefined> {
  const seen = new RecentIds(options.repeatWindow ?? DEFAULT_WINDOW);
  for await (const { text, file, line } of readLines(sources)) {
    const value = parseLine(text);
    if (isHead(value)) continue;
    const record = evidenceRecordSchema.safeParse(value).data;
    if (record === undefined) options.onUnreadable?.({ file, line });
    else if (seen.add(record.id)) yield record;
    else options.onRepeat?.(record);
  }
}

/** One line of evidence as it stands. */
export interface EvidenceLine {
  readonly text: string;
  /** Path of the file; `-` for a stream. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
}

/**
 * The lines that are not empty, heads of chains and repeats among them.
 *
 * @throws Error when a path cannot be read
 */
export async function* readLines(
  sources: string | Readable | readonly (string | Readable)[],
): AsyncGenerator<EvidenceLine, void, undefined> {
  for (const source of Array.isArray(sources) ? sources : [sources]) {
    for await (const { name, stream } of streamsOf(source)) {
      let line = 0;
      for await (const text of linesOf(stream)) {
        line += 1;
        if (text !== '') yield { text, file: name, line };
      }
    }
  }
}

async function* streamsOf(source: string | Readable): AsyncGenerator<{ name: string; stream: Readable }> {
  if (typeof source !== 'string') {
    yield { name: '-', stream: source };
    return;
  }
  for (const path of await evidenceFiles(source)) {
    const file = createReadStream(path);
    yield { name: path, stream: path.endsWith('.gz') ? file.pipe(gunzipOf(file)) : file };
  }
}

/** An error of the file must reach the reader, which `pipe` does not see to. */
function gunzipOf(file: Readable) {
  const gunzip = createGunzip();
  file.once('error', (error) => gunzip.destroy(error));
  return gunzip;
}

/** The files of a path that hold evidence. @throws Error when it cannot be read */
export async function evidenceFiles(path: string): Promise<string[]> {
  if (!(await stat(path)).isDirectory()) return [path];
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && FILE_NAME.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

/** `readline` swallows errors of its input. */
async function* linesOf(stream: Readable): AsyncGenerator<string> {
  let problem: Error | undefined;
  const lines = createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY });
  stream.once('error', (error) => {
    problem = error;
    lines.close();
  });
  yield* lines;
  if (problem !== undefined) throw problem;
}

function parseLine(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Heads state where a chain stands and are no decision. */
function isHead(value: unknown): boolean {
  return (value as { schema?: unknown } | null | undefined)?.schema === HEAD_SCHEMA;
}
