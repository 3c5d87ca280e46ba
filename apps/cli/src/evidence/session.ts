import { type CallStatement, type EvidenceRecord, type JoinedCall, joinCalls } from '@iris/evidence';
import type { Command } from 'commander';
import { EXIT, type Finish } from '../exit-codes.js';
import type { CliIo } from '../io.js';
import { jsonOption, wholeNumber, withOptions } from '../options.js';
import { printJson, printTable } from '../output.js';
import { evidenceOf } from './evidence-input.js';

/** Records of one person that are held at once: what bounds the memory. */
const MAX_RECORDS = 500_000;

/** `iris evidence session`: the calls of a session, each with what every entry point said of it. */
export function registerSession(evidence: Command, io: CliIo, finish: Finish): void {
  withOptions(
    evidence
      .command('session')
      .description(
        "the calls of a session with the statement of each entry point: the agent's hook, the MCP gateway, Aperture",
      )
      .argument('<session>', 'id of the session at any entry point, or of one record')
      .argument('<evidence...>', 'files or folders of evidence, - for the standard input')
      .option('--limit <count>', 'how many calls are shown at most', wholeNumber(1), 200),
    [jsonOption()],
  ).action(async (session: string, sources: string[], options: { limit: number; json?: boolean }) => {
    const statements: CallStatement[] = [];
    let left = 0;
    for await (const record of evidenceOf(sources, io).records()) {
      if (record.action === undefined) continue;
      if (statements.length < MAX_RECORDS) statements.push(statementOf(record));
      else left += 1;
    }
    const calls = joinCalls(statements).filter((call) => call.statements.some((one) => isOf(one, session)));
    const shown = calls.slice(-options.limit);
    if (options.json) printJson(io, shown);
    else printCalls(io, shown);
    if (calls.length > shown.length) io.err(`${calls.length - shown.length} earlier calls; --limit shows them\n`);
    if (left > 0) io.err(`${left} records beyond the first ${MAX_RECORDS} are not read\n`);
    if (calls.length === 0) io.err(`no call belongs to ${session}\n`);
    finish(calls.length === 0 ? EXIT.FOUND : EXIT.OK);
  });
}

function isOf({ sessionId, id }: CallStatement, session: string): boolean {
  return sessionId === session || id === session;
}

function statementOf(record: EvidenceRecord): CallStatement {
  const { id, time, entryPoint, event, phase, sessionId, action, effect, reason, mode, reply, enforced } = record;
  const { callKeys, decisionKey } = record;
  return {
    id,
    time,
    entryPoint,
    event,
    phase,
    sessionId,
    action,
    effect,
    reason,
    mode,
    reply,
    enforced,
    callKeys,
    decisionKey,
  };
}

function printCalls(io: CliIo, calls: readonly JoinedCall[]): void {
  printTable(
    io,
    ['call', 'time', 'tool', 'entry point', 'event', 'effect', 'reason', 'reply', 'session'],
    calls.flatMap(({ statements }, index) =>
      statements.map((one, at) => [
        at === 0 ? index + 1 : '',
        one.time,
        one.action ?? '',
        one.entryPoint ?? 'not recorded',
        one.event,
        one.effect,
        one.reason,
        one.enforced ? one.reply : `${one.reply} (${one.mode})`,
        one.sessionId ?? '',
      ]),
    ),
  );
}
