import type { EnvironmentClue } from '@iris/tool-catalog';

/** How one thing that was looked at is shown. */
export type ClueRow = readonly [parameter: string, value: string, environment: string, why: string];

const WEIGHTS = { decides: 'the call goes there', raises: 'can only make it stricter' } as const;

/** Why a call has its environment, one row for each thing that was looked at. */
export function clueRows(clues: readonly EnvironmentClue[]): ClueRow[] {
  return clues
    .filter(({ weight, environment }) => weight === 'decides' || environment !== undefined)
    .map(({ parameter, value, environment, by, weight }) => [
      parameter,
      value ?? '(not shown)',
      environment ?? 'not recognised',
      [WEIGHTS[weight], by === undefined ? undefined : `by ${by}`].filter(Boolean).join(', '),
    ]);
}

export const CLUE_COLUMNS = ['parameter', 'value', 'environment', 'why'] as const;
