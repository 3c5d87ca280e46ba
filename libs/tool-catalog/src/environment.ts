import { endpointOf } from './connection-string.js';
import type { PickedValues } from './parameter-values.js';

/** An environment and the expressions that recognise it. */
export interface EnvironmentPatterns {
  readonly name: string;
  readonly patterns: readonly RegExp[];
}

/** What tells the environment of a call. */
export interface EnvironmentClues {
  /** Values that say where the call goes: connection strings, URLs, hosts. Each one must be recognised. */
  readonly from: PickedValues;
  /** Names that say less: databases, schemas, servers. Those that are not recognised do not count. */
  readonly hints: PickedValues;
}

/**
 * The most restrictive environment that a clue names, in the order of `environments`, which starts with the most
 * restrictive. While a value that says where the call goes is not recognised, only the most restrictive one is told:
 * a name that says staging must not stand for a host that nobody knows.
 *
 * @returns undefined when the environment is not known.
 */
export function recogniseEnvironment(
  environments: readonly EnvironmentPatterns[],
  clues: EnvironmentClues,
): string | undefined {
  const targets: string[] = [];
  const names = [...clues.hints.values];
  for (const value of clues.from.values) {
    const { hosts, names: namesThere } = endpointOf(value);
    targets.push(...hosts);
    names.push(...namesThere);
  }
  const ranksOf = (values: readonly string[]) => values.map((value) => rank(environments, value));
  const targetRanks = ranksOf(targets);
  const best = Math.min(...targetRanks, ...ranksOf(names));
  const blind = clues.from.unreadable || clues.hints.unreadable || targetRanks.includes(Number.POSITIVE_INFINITY);
  return blind && best > 0 ? undefined : environments[best]?.name;
}

function rank(environments: readonly EnvironmentPatterns[], value: string): number {
  const index = environments.findIndex(({ patterns }) => patterns.some((pattern) => pattern.test(value)));
  return index === -1 ? Number.POSITIVE_INFINITY : index;
}
