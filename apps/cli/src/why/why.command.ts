import type { EvidenceRecord } from '@iris/evidence';
import type { Command } from 'commander';
import { evidenceOf } from '../evidence/evidence-input.js';
import { EXIT, type Finish } from '../exit-codes.js';
import type { CliIo } from '../io.js';
import { collected, jsonOption, withOptions } from '../options.js';
import { printable, printJson, printTable } from '../output.js';
import { type LogLine, logLines, shownLogLine } from './log-lines.js';

interface WhyOptions {
  readonly logs?: readonly string[];
  readonly json?: boolean;
}

/** A fact that the PDP was given. */
interface Fact {
  readonly attribute: string;
  readonly value: unknown;
  readonly source: string;
  readonly ageSeconds?: number;
  /** Until when it may be used, UTC. */
  readonly end?: string;
}

interface Answer {
  readonly requestId?: string;
  readonly traceIds: readonly string[];
  readonly person: string;
  readonly decisions: readonly EvidenceRecord[];
  readonly facts: readonly Fact[];
  readonly logs: readonly LogLine[];
}

const MAX_DECISIONS = 1000;

/** `iris why`: everything about one request in one answer. */
export function registerWhy(program: Command, io: CliIo, finish: Finish): void {
  withOptions(
    program
      .command('why')
      .description('why a request was answered as it was: decisions, rules, facts with their ages, log lines, trace')
      .argument('<request>', 'id of the request, of a record or of the trace')
      .argument('<evidence...>', 'files or folders of evidence, - for the standard input')
      .option('--logs <path>', 'log file, or a folder of them; may be given again', collected),
    [jsonOption()],
  ).action(async (id: string, sources: string[], options: WhyOptions) => {
    const answer = await answerOf(id, sources, options.logs ?? [], io);
    if (answer === undefined) io.err(`no record belongs to ${id}\n`);
    else if (options.json) printJson(io, answer);
    else printAnswer(io, answer);
    finish(answer === undefined ? EXIT.FOUND : EXIT.OK);
  });
}

async function answerOf(
  id: string,
  sources: readonly string[],
  logs: readonly string[],
  io: CliIo,
): Promise<Answer | undefined> {
  const decisions: EvidenceRecord[] = [];
  for await (const record of evidenceOf(sources, io).records()) {
    const { requestId, requestKey, traceId } = record;
    if ([record.id, requestId, requestKey, traceId].includes(id) && decisions.length < MAX_DECISIONS) {
      decisions.push(record);
    }
  }
  const [first] = decisions;
  if (first === undefined) return undefined;
  const traceIds = [...new Set(decisions.flatMap(({ traceId }) => traceId ?? []))];
  const requestIds = decisions.flatMap(({ requestId }) => requestId ?? []);
  return {
    requestId: first.requestId,
    traceIds,
    person: first.principal.id,
    decisions,
    facts: factsOf(first),
    logs: await logLines(logs, [...new Set([...traceIds, ...requestIds])]),
  };
}

/** All decisions of a request are made on the same facts. */
function factsOf({ attributeOrigins, principal, sources }: EvidenceRecord): Fact[] {
  return Object.entries(attributeOrigins).map(([attribute, { source, ageSeconds }]) => ({
    attribute,
    value: valueAt(principal.attr, attribute),
    source,
    ageSeconds,
    end: sources?.[source]?.staleUntil,
  }));
}

function valueAt(attr: Record<string, unknown>, path: string): unknown {
  if (path in attr) return attr[path];
  return path.split('.').reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], attr);
}

function printAnswer(io: CliIo, answer: Answer): void {
  const { decisions, facts, logs, traceIds, person, requestId } = answer;
  const [first] = decisions;
  if (first === undefined) return;
  const { revisions, breakGlass, durationsMs } = first;
  io.out(`Request ${requestId ?? '(without an id)'} of ${person}, ${first.time}\n`);
  printTable(
    io,
    ['what', 'value'],
    [
      ['reply', `${first.reply}, mode ${first.mode}${first.wouldHave ? `, enforced it were ${first.wouldHave}` : ''}`],
      ['trace', traceIds.join(', ') || 'none'],
      ['session', first.sessionId ?? 'none'],
      ['took', `${durationsMs.total} ms: context ${durationsMs.context}, PDP ${durationsMs.pdp}`],
      [
        'in force',
        revisions === undefined
          ? 'not recorded'
          : `policies ${revisions.policies ?? '?'}, catalog ${revisions.catalog ?? '?'}, PDP ${revisions.pdp ?? '?'}, Iris ${revisions.iris}`,
      ],
      ...(breakGlass === undefined ? [] : [['break-glass', `${breakGlass.id} by ${breakGlass.key}`]]),
      ...(first.erased === undefined ? [] : [['erased', `${first.erased.time}: ${first.erased.reason}`]]),
    ],
  );
  io.out('\nDecisions\n');
  printTable(
    io,
    ['tool', 'phase', 'effect', 'reason', 'rules', 'policy', 'record'],
    decisions.map(({ action, event, phase, effect, reason, policy, id }) => [
      action ?? `(${event})`,
      phase,
      effect,
      reason,
      policy.rules.join(', ') || 'none',
      policy.matched ?? 'none',
      id,
    ]),
  );
  io.out('\nFacts\n');
  printTable(
    io,
    ['attribute', 'value', 'source', 'age in s', 'used until'],
    facts.map(({ attribute, value, source, ageSeconds, end }) => [
      attribute,
      JSON.stringify(value ?? null),
      source,
      ageSeconds ?? '',
      end ?? '',
    ]),
  );
  const missing = Object.entries(first.sources ?? {}).filter(([, { status }]) => status !== 'fresh');
  if (missing.length > 0) {
    io.out('\nSources that were not fresh\n');
    printTable(
      io,
      ['source', 'status', 'reason', 'age in s'],
      missing.map(([id, { status, reason, ageSeconds }]) => [id, status, reason ?? '', ageSeconds ?? '']),
    );
  }
  if (logs.length > 0) {
    io.out('\nLog lines\n');
    for (const { text } of logs) io.out(`  ${printable(shownLogLine(text))}\n`);
  }
}
