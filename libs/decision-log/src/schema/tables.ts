import type { ColumnType, Generated } from 'kysely';
import type { Effect, Force } from '../decision-log.js';

/**
 * What many decisions have alike. A decision names its shape by number, so that a row is narrow, and a filter by any of
 * these fields reads this small table first.
 */
export interface ShapeTable {
  readonly shape: Generated<number>;
  /** Digest of the other columns. */
  readonly digest: string;
  readonly entry_point: string;
  readonly event: string;
  readonly phase: string;
  readonly caller: string;
  readonly force: Force;
  readonly effect: Effect;
  readonly reason: string;
  readonly reply: string;
  readonly would_have: string | null;
  readonly category: string | null;
  readonly server: string | null;
  readonly tool: string | null;
  readonly rules: string[];
  /** As `<source>:<status>`. */
  readonly sources: string[];
}

/** One row for each decision, partitioned by the day of `time`. */
export interface DecisionTable {
  readonly time: Date;
  readonly id: string;
  /** Number in the order of arrival. */
  readonly seq: Generated<number>;
  readonly arrived: Generated<Date>;
  readonly shape: number;
  readonly person: string;
  /** `person` in lower case. */
  readonly person_key: string;
  readonly session: string | null;
  readonly trace_id: string | null;
  readonly decision_key: string | null;
  readonly total_ms: number;
  readonly erased: boolean;
  readonly record: ColumnType<unknown, string, string>;
}

/** Widths of counted times, in s: 10 minutes, an hour, a day. A wide one spares a long window many narrow ones. */
export const COUNT_WIDTHS = [600, 3600, 86_400] as const;
export type CountWidth = (typeof COUNT_WIDTHS)[number];

/** Decisions by time and shape; written with the decisions in one transaction. */
export interface CountTable {
  readonly width: CountWidth;
  /** Begin of the time, UTC. */
  readonly slot: Date;
  readonly shape: number;
  readonly n: number;
}

/** Who looked at whose data. */
export interface AccessTable {
  readonly time: Date;
  readonly actor: string;
  readonly role: string;
  readonly action: string;
  readonly subject: string | null;
  /** `subject` in lower case. */
  readonly subject_key: string | null;
  readonly record: string | null;
}

export interface LogTables {
  readonly access_entries: AccessTable;
  readonly decisions: DecisionTable;
  readonly decision_shapes: ShapeTable;
  readonly decision_counts: CountTable;
}
