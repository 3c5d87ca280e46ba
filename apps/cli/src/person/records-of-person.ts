import type { EvidenceRecord } from '@iris/evidence';
import { withDecisionLog } from '../decision-log/with-decision-log.js';
import { evidenceOf } from '../evidence/evidence-input.js';
import type { CliIo } from '../io.js';

/** Logins are compared as the gateway keys them: without regard to case. */
export function isOf({ principal }: EvidenceRecord, login: string): boolean {
  return principal.id.toLowerCase() === login.toLowerCase();
}

/**
 * Calls `take` for each record of a person in files and in the decision log, each once.
 *
 * @param logUrl absent: files only
 * @returns how many
 */
export async function eachRecordOf(
  login: string,
  sources: readonly string[],
  logUrl: string | undefined,
  io: CliIo,
  take: (record: EvidenceRecord) => void,
): Promise<number> {
  const seen = new Set<string>();
  const takeOnce = (record: EvidenceRecord) => {
    if (!isOf(record, login) || seen.has(record.id)) return;
    seen.add(record.id);
    take(record);
  };
  for await (const record of evidenceOf(sources, io).records()) takeOnce(record);
  if (logUrl !== undefined) {
    await withDecisionLog(logUrl, async (log) => {
      for await (const record of log.window({ person: [login] })) takeOnce(record);
    });
  }
  return seen.size;
}
