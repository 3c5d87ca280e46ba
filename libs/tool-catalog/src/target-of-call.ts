import type { JsonObject } from '@iris/contracts';
import type { CompiledEntry } from './compiled-entry.js';
import { connectionTargets } from './connection-strings/connection-targets.js';
import { readParameters } from './parameter-values.js';

/** What a call acts on. */
export interface Resource {
  readonly kind: string;
  readonly id: string;
}

export interface TargetReading {
  /** Kind of the entry's resources; absent when the entry has none. */
  readonly kind?: string;
  /** Every resource that the parameters name; empty when none does, or one cannot be told without the risk of a secret. */
  readonly resources: readonly Resource[];
  readonly ambiguous: boolean;
}

const MAX_NAME_LENGTH = 512;
const MAX_RESOURCES = 10;

/**
 * The resources that a call names. A host is told without port, user and options, a name only when it cannot be a
 * connection string: what is told here reaches logs, spans and queries of vendors.
 */
export function targetOfCall(
  { document, targets }: CompiledEntry,
  server: string | undefined,
  params: JsonObject,
): TargetReading {
  const { target } = document;
  if (target === undefined) return { resources: [], ambiguous: false };
  const { kind } = target;
  let ambiguous = false;
  for (const { kind: form, paths } of targets) {
    const read = readParameters(params, paths);
    ambiguous ||= read.ambiguous;
    if (read.unreadable) return { kind, resources: [], ambiguous };
    const ids = new Set(read.values.flatMap(({ text }) => (form === 'hosts' ? hostIds(text) : [plainName(text)])));
    if (ids.size === 0) continue;
    const isTold = ids.size <= MAX_RESOURCES && !ids.has(undefined);
    return { kind, resources: isTold ? [...ids].map((id) => ({ kind, id: id ?? '' })) : [], ambiguous };
  }
  return {
    kind,
    resources: target.orServer && server !== undefined ? [{ kind, id: server }] : [],
    ambiguous,
  };
}

function hostIds(text: string): (string | undefined)[] {
  const read = connectionTargets(text);
  if (read === 'unrecognised') return [undefined];
  return read.hosts.map((host) => host.replace(/^\[(.*)\]:\d+$/, '$1').replace(/^([^:]*):\d+$/, '$1'));
}

function plainName(text: string): string | undefined {
  if (text.length > MAX_NAME_LENGTH || text.trim() !== text) return undefined;
  return /[=;()\p{Cc}]|:\/\/|:[^/\s]*@|^[^/\s]*\/[^@\s]*@/u.test(text) ? undefined : text;
}
