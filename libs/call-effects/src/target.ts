import { connectionTargets, type TargetKind } from '@iris/tool-catalog';

/** The environment of a target; undefined when it is not recognised. Must not throw. */
export type EnvironmentOf = (target: string, kind: TargetKind) => string | undefined;

/** Where a part of a call goes. */
export interface Target {
  /** As it is written; unknown parts are `UNKNOWN_PART`. */
  readonly text: string;
  readonly kind: TargetKind;
  /** May raise the environment to production and never lower it. */
  readonly doubtful: boolean;
}

/** Stands for a part of a word that is not known before the command runs. */
export const UNKNOWN_PART = '\ufffc';

const MAX_SHOWN_LENGTH = 200;

/** Addresses of the machine itself, a socket included. */
export function isLocal(text: string): boolean {
  return /^(?:localhost|localhost\.localdomain|127\.\d+\.\d+\.\d+|::1|\[::1\]|0\.0\.0\.0|\/.*|\.|)$/i.test(text);
}

/** The environment of several targets: production if any is; else not known unless all are recognised. */
export function combinedEnvironment(
  targets: readonly Target[],
  environments: readonly string[],
  environmentOf: EnvironmentOf,
): string | undefined {
  let best = Number.POSITIVE_INFINITY;
  let known = false;
  let blind = false;
  for (const { text, kind, doubtful } of targets) {
    const environment = environmentOf(text, kind);
    const rank = environment === undefined ? -1 : environments.indexOf(environment);
    const unsure = doubtful || text.includes(UNKNOWN_PART);
    if (rank === 0) return environments[0];
    if (unsure) continue;
    known = true;
    if (rank === -1) blind = true;
    best = Math.min(best, rank === -1 ? Number.POSITIVE_INFINITY : rank);
  }
  const unsure = targets.some(({ text, doubtful }) => !doubtful && text.includes(UNKNOWN_PART));
  return known && !blind && !unsure ? environments[best] : undefined;
}

/** What of a target may be shown: its hosts, without user, password, path and options. */
export function shownTarget({ text, kind }: Target): string {
  const plain = text.replaceAll(UNKNOWN_PART, '…');
  return (kind === 'name' && !/:\S*@/.test(plain) ? plain : hostOf(plain)).slice(0, MAX_SHOWN_LENGTH);
}

/** The hosts of a URL, a connection string, `user@host` or a plain host; what is not understood is not shown. */
export function hostOf(text: string): string {
  const read = connectionTargets(text);
  if (read !== 'unrecognised') return read.hosts.join(',');
  if (/[=\s]|:\/\/|:.*@/.test(text)) return /:\/\/(?:[^/?#]*@)?([\w.-]+)/.exec(text)?.[1] ?? '…';
  return text.slice(text.lastIndexOf('@') + 1);
}
