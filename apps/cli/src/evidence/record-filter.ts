import type { EvidenceRecord } from '@iris/evidence';
import { type Command, InvalidArgumentError } from 'commander';
import { collected } from '../options.js';

/** What records must have; of several values of one field, any. */
export interface RecordFilter {
  readonly person?: readonly string[];
  readonly tool?: readonly string[];
  readonly rule?: readonly string[];
  readonly effect?: 'ALLOW' | 'DENY';
  readonly reason?: readonly string[];
  readonly session?: readonly string[];
  /** Epoch ms, included. */
  readonly since?: number;
  /** Epoch ms, excluded. */
  readonly until?: number;
}

const UNIT_MS = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** Adds the options of a filter. */
export function withFilter(command: Command): Command {
  return command
    .option('--person <login>', 'login name or node id; may be given again', collected)
    .option('--tool <name>', 'name of the tool, * for any text; may be given again', collected)
    .option('--rule <name>', 'rule, as <policy>#<rule> or the end of it; may be given again', collected)
    .option('--effect <effect>', 'ALLOW or DENY', effectOf)
    .option('--reason <id>', 'reason id; may be given again', collected)
    .option('--session <id>', 'id of the session; may be given again', collected)
    .option(
      '--since <time>',
      'from this time on, such as 2026-11-05T10:00:00Z, or for so long back, such as 90m',
      timeOf,
    )
    .option('--until <time>', 'before this time', timeOf);
}

/** Whether a record passes. */
export function matches(record: EvidenceRecord, filter: RecordFilter): boolean {
  const { person, tool, rule, effect, reason, session, since, until } = filter;
  const time = Date.parse(record.time);
  return (
    (person?.some((login) => login.toLowerCase() === record.principal.id.toLowerCase()) ?? true) &&
    (tool?.some((name) => isLike(record.action ?? '', name)) ?? true) &&
    (rule?.some((name) => record.policy.rules.some((one) => one === name || one.endsWith(`#${name}`))) ?? true) &&
    (effect === undefined || effect === record.effect) &&
    (reason?.includes(record.reason) ?? true) &&
    (session?.includes(record.sessionId ?? '') ?? true) &&
    (since === undefined || time >= since) &&
    (until === undefined || time < until)
  );
}

function isLike(text: string, pattern: string): boolean {
  const parts = pattern.split('*');
  const [first = ''] = parts;
  if (parts.length === 1) return text === pattern;
  if (!text.startsWith(first)) return false;
  let at = first.length;
  for (const part of parts.slice(1, -1)) {
    const found = text.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  const last = parts.at(-1) ?? '';
  return text.length - last.length >= at && text.endsWith(last);
}

function effectOf(text: string): 'ALLOW' | 'DENY' {
  const effect = text.toUpperCase();
  if (effect !== 'ALLOW' && effect !== 'DENY') throw new InvalidArgumentError('must be ALLOW or DENY.');
  return effect;
}

/** A time, or one so long ago. @returns epoch ms */
export function timeOf(text: string): number {
  const [, amount, unit] = /^(\d+)([smhd])$/.exec(text) ?? [];
  if (amount !== undefined && unit !== undefined) {
    return Date.now() - Number(amount) * UNIT_MS[unit as keyof typeof UNIT_MS];
  }
  const time = /^\d{4}-\d{2}-\d{2}/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(time))
    throw new InvalidArgumentError('must be a time such as 2026-11-05T10:00:00Z, or 90m, 24h, 7d.');
  return time;
}
