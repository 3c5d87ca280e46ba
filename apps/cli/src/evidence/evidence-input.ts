import { type EvidenceRecord, readEvidence } from '@iris/evidence';
import type { CliIo } from '../io.js';
import { Progress } from '../output.js';

/** How many lines were read, and how many of them were of no use. */
export interface EvidenceCounts {
  records: number;
  /** Lines that are no record: torn by a crash, or something else. */
  unreadable: number;
  /** Records that were delivered twice. */
  repeated: number;
}

/** Over how many records repeats are looked for: what bounds the memory. */
const REPEAT_WINDOW = 200_000;

/** Evidence from files, folders or, for `-`, the standard input, read as a stream. */
export function evidenceOf(
  sources: readonly string[],
  io: CliIo,
): { readonly counts: EvidenceCounts; records(): AsyncGenerator<EvidenceRecord, void, undefined> } {
  const counts: EvidenceCounts = { records: 0, unreadable: 0, repeated: 0 };
  return {
    counts,
    async *records() {
      const progress = new Progress(io, 'records');
      const streams = sources.map((source) => (source === '-' ? io.stdin : source));
      try {
        for await (const record of readEvidence(streams, {
          repeatWindow: REPEAT_WINDOW,
          onUnreadable: () => {
            counts.unreadable += 1;
          },
          onRepeat: () => {
            counts.repeated += 1;
          },
        })) {
          counts.records += 1;
          progress.update(counts.records);
          yield record;
        }
      } finally {
        progress.end();
      }
    },
  };
}
