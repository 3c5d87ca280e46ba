import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { isJsonObject, type Json, type JsonObject } from '@iris/contracts';
import { type EvidenceRecord, joinCalls } from '@iris/evidence';
import type { CliIo } from '../io.js';
import { printTable } from '../output.js';
import { evidenceOf } from './evidence-input.js';

/** A decision with all that is known about it. */
export interface Story {
  readonly record: EvidenceRecord;
  /** Records of the same call. */
  readonly related: readonly EvidenceRecord[];
  /** The PDP's audit entry; absent when there is no audit log or no such entry in it. */
  readonly audit?: JsonObject;
}

/** How many records before the one that is looked for are kept, to find those of the same call among them. */
const KEPT_BEFORE = 20_000;

/** The records of one call lie close together, so one pass with a window finds them. */
export async function findStory(
  id: string,
  sources: readonly string[],
  auditFile: string | undefined,
  io: CliIo,
): Promise<Story | undefined> {
  let record: EvidenceRecord | undefined;
  const before: EvidenceRecord[] = [];
  const related: EvidenceRecord[] = [];
  for await (const other of evidenceOf(sources, io).records()) {
    if (other.id === id) {
      record = other;
      related.push(...before.filter((earlier) => isSameCall(earlier, other)));
      before.length = 0;
    } else if (record !== undefined) {
      if (isSameCall(record, other)) related.push(other);
    } else {
      before.push(other);
      if (before.length > 2 * KEPT_BEFORE) before.splice(0, KEPT_BEFORE);
    }
  }
  if (record === undefined) return undefined;
  const callId = record.policy.cerbosCallId;
  const audit = auditFile === undefined || callId === undefined ? undefined : await auditEntry(auditFile, callId);
  return { record, related, audit };
}

/** At the same entry point or at another one. A second opinion has the key of its decision. */
function isSameCall(one: EvidenceRecord, other: EvidenceRecord): boolean {
  if (one.decisionKey !== undefined && one.decisionKey === other.decisionKey) return true;
  return joinCalls([one, other]).some(({ statements }) => statements.length === 2);
}

/** Source: Cerbos' audit log, entries of its file backend. */
async function auditEntry(file: string, callId: string): Promise<JsonObject | undefined> {
  for await (const line of createInterface({ input: createReadStream(file) })) {
    if (!line.includes(callId)) continue;
    const entry = jsonOf(line);
    if (isJsonObject(entry) && entry.callId === callId) return entry;
  }
  return undefined;
}

function jsonOf(text: string): Json | undefined {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export function printStory(io: CliIo, { record, related, audit }: Story): void {
  const { principal, policy, durationsMs } = record;
  io.out(`${record.time} ${record.effect} ${record.action ?? '(no tool call)'}: ${record.reason}\n`);
  printTable(
    io,
    ['what', 'value'],
    [
      ['who', `${principal.id}, roles ${principal.roles.join(', ')}`],
      ['event', `${record.event}, phase ${record.phase}`],
      ['reply', `${record.reply}, ${record.enforced ? 'enforced' : 'not enforced'}, mode ${record.mode}`],
      ...(record.wouldHave === undefined ? [] : [['would have', record.wouldHave]]),
      ['rules', policy.rules.join(', ') || 'none'],
      ['policy', [policy.matched ?? 'none', policy.version, policy.scope].filter(Boolean).join(', ')],
      ['catalog entry', record.catalogEntry ?? 'none'],
      ['parameters', JSON.stringify(record.resource?.attr.params ?? null)],
      ['took', `${durationsMs.total} ms: context ${durationsMs.context}, PDP ${durationsMs.pdp}`],
      [
        'joined by',
        `trace ${record.traceId ?? '-'}, request ${record.requestId ?? '-'}, PDP call ${policy.cerbosCallId ?? '-'}`,
      ],
    ],
  );
  const effects = (record.effects ?? []).filter(isJsonObject);
  if (effects.length > 0) {
    io.out('\nEffects\n');
    printTable(
      io,
      ['program', 'does', 'environment', 'target', 'verdict', 'rules'],
      effects.map(({ program, operation, system, environment, target, effect, rules }) =>
        [program, [operation, system].filter(Boolean).join(' '), environment, target, effect, rules].map(cell),
      ),
    );
  }
  io.out('\nFacts\n');
  printTable(
    io,
    ['attribute', 'value', 'source', 'age in s'],
    Object.entries(record.attributeOrigins).map(([path, { source, ageSeconds }]) => [
      path,
      JSON.stringify(principal.attr[path] ?? null),
      source,
      ageSeconds ?? '',
    ]),
  );
  if (record.sources !== undefined) {
    io.out('\nSources\n');
    printTable(
      io,
      ['source', 'status', 'age in s', 'fresh until', 'used until', 'revision'],
      Object.entries(record.sources).map(([id, facts]) => [
        id,
        facts.reason ?? facts.status,
        facts.ageSeconds ?? '',
        facts.freshUntil ?? '',
        facts.staleUntil ?? '',
        facts.revision ?? '',
      ]),
    );
  }
  if (related.length > 0) {
    io.out('\nOther records of the same call\n');
    printTable(
      io,
      ['time', 'id', 'entry point', 'event', 'mode', 'effect', 'reason'],
      related.map(({ time, id: other, entryPoint = '', event, mode, effect, reason }) => [
        time,
        other,
        entryPoint,
        event,
        mode,
        effect,
        reason,
      ]),
    );
  }
  if (audit !== undefined) io.out(`\nThe PDP's audit entry\n${JSON.stringify(audit, null, 2)}\n`);
}

/** Records of other versions may have fields of other types. */
function cell(value: Json | undefined): string {
  return typeof value === 'string' ? value : value === undefined ? '' : JSON.stringify(value);
}
