import type { WhatIfBody } from '@iris/console-api';

/** A fact that a question asks otherwise; without `to` it is removed. */
export type Change = NonNullable<WhatIfBody['changes']>[number];

/** Longest address part that changes are read from, in characters. */
const MOST_CHARACTERS = 20_000;

/** The changes that an address holds; none when it holds something else. */
export function changesOf(query: URLSearchParams): readonly Change[] {
  const text = query.get('changes') ?? '[]';
  if (text.length > MOST_CHARACTERS) return [];
  try {
    const given: unknown = JSON.parse(text);
    return Array.isArray(given) ? given.filter(isChange).map(({ of, path, to }) => ({ of, path, to })) : [];
  } catch {
    return [];
  }
}

function isChange(given: unknown): given is Change {
  if (typeof given !== 'object' || given === null) return false;
  const { of, path } = given as Partial<Change>;
  return (of === 'principal' || of === 'resource') && typeof path === 'string' && path !== '';
}

/** The changes with one more, which replaces an earlier one of the same fact. */
export function withChange(changes: readonly Change[], change: Change): readonly Change[] {
  return [...withoutChange(changes, change), change];
}

export function withoutChange(
  changes: readonly Change[],
  { of, path }: Pick<Change, 'of' | 'path'>,
): readonly Change[] {
  return changes.filter((other) => other.of !== of || other.path !== path);
}
