import { open } from 'node:fs/promises';
import { StringDecoder } from 'node:string_decoder';
import { setTimeout as sleep } from 'node:timers/promises';
import { type EvidenceRecord, evidenceFiles, evidenceRecordSchema, RecentIds } from '@iris/evidence';

const POLL_MS = 500;
const CHUNK_BYTES = 1024 * 1024;
/** Over how many records repeats are looked for. */
const REPEAT_WINDOW = 200_000;

interface FollowedFile {
  at: number;
  rest: string;
  readonly decoder: StringDecoder;
}

/**
 * The records of files, then `caught up`, then those that are added, to new files too. Compressed files are complete
 * and are left out.
 *
 * @throws Error when a path cannot be read
 */
export async function* followEvidence(
  sources: readonly string[],
  signal?: AbortSignal,
): AsyncGenerator<EvidenceRecord | 'caught up', void, undefined> {
  const files = new Map<string, FollowedFile>();
  const seen = new RecentIds(REPEAT_WINDOW);
  let caughtUp = false;
  while (signal?.aborted !== true) {
    for (const source of sources) {
      for (const path of await evidenceFiles(source)) {
        if (path.endsWith('.gz')) continue;
        const file = files.get(path) ?? { at: 0, rest: '', decoder: new StringDecoder('utf8') };
        files.set(path, file);
        for await (const line of newLines(path, file)) {
          const record = recordOf(line);
          // A file may be moved, and a batch delivered twice.
          if (record !== undefined && seen.add(record.id)) yield record;
        }
      }
    }
    if (!caughtUp) yield 'caught up';
    caughtUp = true;
    await sleep(POLL_MS, undefined, { signal }).catch(() => undefined);
  }
}

async function* newLines(path: string, file: FollowedFile): AsyncGenerator<string> {
  let handle: Awaited<ReturnType<typeof open>>;
  try {
    handle = await open(path, 'r');
  } catch (error) {
    // Retention removes files while they are followed.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  try {
    const chunk = Buffer.alloc(CHUNK_BYTES);
    for (;;) {
      const { bytesRead } = await handle.read(chunk, 0, chunk.length, file.at);
      if (bytesRead === 0) return;
      file.at += bytesRead;
      const lines = (file.rest + file.decoder.write(chunk.subarray(0, bytesRead))).split('\n');
      file.rest = lines.pop() ?? '';
      yield* lines;
    }
  } finally {
    await handle.close();
  }
}

function recordOf(line: string): EvidenceRecord | undefined {
  try {
    return evidenceRecordSchema.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}
