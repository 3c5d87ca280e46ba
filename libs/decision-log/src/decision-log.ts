import type { EvidenceRecord } from '@iris/evidence';

/**
 * How a decision counts. `enforced`: the reply put it into force. `observed`: it was recorded only. `shadow`: the second
 * opinion of a candidate policy, which is no decision.
 */
export type Force = 'enforced' | 'observed' | 'shadow';

export type Effect = 'ALLOW' | 'DENY';

/** What decisions must have. Of several values of one field any is enough; all fields must match. */
export interface DecisionFilter {
  /** Login names or node ids, without regard to case. */
  readonly person?: readonly string[];
  /** Names of tools, as they were called. */
  readonly tool?: readonly string[];
  /** MCP servers. */
  readonly server?: readonly string[];
  readonly category?: readonly string[];
  readonly effect?: readonly Effect[];
  /** Reason ids. */
  readonly reason?: readonly string[];
  /** Rules, as `<policy>#<rule>`. */
  readonly rule?: readonly string[];
  /** Statuses of sources, as `<source>:<status>`, for example `pagerduty:stale`. */
  readonly source?: readonly string[];
  readonly force?: readonly Force[];
  readonly session?: readonly string[];
  /** Events of hooks. */
  readonly event?: readonly string[];
  /** Apps that decided, such as `gateway` or `mcp-gateway`. */
  readonly entryPoint?: readonly string[];
  /** Names of the keys that authenticated the call. */
  readonly caller?: readonly string[];
  /** Decided from this time on. */
  readonly from?: Date;
  /** Decided before this time. */
  readonly to?: Date;
}

/** One decision without parameters and facts: a line of a list. Texts that are unknown are absent. */
export interface DecisionSummary {
  readonly id: string;
  readonly time: Date;
  readonly person: string;
  readonly tool?: string;
  readonly server?: string;
  readonly category?: string;
  readonly effect: Effect;
  readonly reason: string;
  readonly force: Force;
  /** Action of the reply to the caller. */
  readonly reply: string;
  /** In observe mode: the action that enforcement would have given. */
  readonly wouldHave?: string;
  readonly rules: readonly string[];
  /** As `<source>:<status>`, in the order of their names. */
  readonly sources: readonly string[];
  readonly session?: string;
  readonly event: string;
  readonly phase: string;
  readonly entryPoint: string;
  readonly caller: string;
  readonly traceId?: string;
  /** The same for all decisions on one call. */
  readonly decisionKey?: string;
  /** The whole hook until it was recorded, in ms. */
  readonly totalMs: number;
  /** Whether the personal fields were erased. */
  readonly erased: boolean;
}

/** A decision with its whole record. */
export interface Decision extends DecisionSummary {
  /**
   * The record as it was delivered, but for characters that PostgreSQL cannot hold (U+0000, lone surrogates), which are
   * U+FFFD here.
   */
  readonly record: EvidenceRecord;
}

export interface Page {
  readonly decisions: readonly DecisionSummary[];
  /** Where the next page begins; absent on the last one. */
  readonly next?: string;
}

export interface PageRequest {
  /** `next` of the page before. */
  readonly cursor?: string;
  /** From 1 to 1000. */
  readonly limit?: number;
}

/** What arrived after a cursor, in the order of arrival, each decision once. */
export interface Arrivals {
  readonly decisions: readonly DecisionSummary[];
  /** Where to continue, also when nothing arrived; it survives a restart of reader and database. */
  readonly cursor: string;
  /** Whether more has arrived than was asked for. */
  readonly more: boolean;
}

export const BUCKETS = ['minute', '10 minutes', 'hour', 'day'] as const;
export type Bucket = (typeof BUCKETS)[number];

/** How many decisions one bucket holds. Buckets without decisions are left out. */
export interface BucketCount {
  /** Begin of the bucket, UTC. */
  readonly time: Date;
  readonly effect: Effect;
  readonly force: Force;
  readonly count: number;
}

export interface HitCount {
  /** Decisions for whose effect the rule spoke. */
  readonly hits: number;
  readonly denials: number;
}

/** How often one rule spoke for an effect, apart for each force. */
export interface RuleHits extends Readonly<Record<Force, HitCount>> {
  /** As `<policy>#<rule>`. */
  readonly rule: string;
  /** Begin of the last 10 minutes, hour or day in which it did: the longer the window, the wider. */
  readonly lastHit: Date;
}

export interface TimeWindow {
  readonly from: Date;
  readonly to: Date;
}

/** One tool that a person called. Shadow decisions are not counted. */
export interface ToolSeen {
  readonly tool: string;
  readonly server?: string;
  readonly category?: string;
  readonly decisions: number;
  readonly denials: number;
  readonly lastSeen: Date;
}

export interface PersonView {
  /** Newest first. */
  readonly recent: readonly DecisionSummary[];
  /** Over the newest 20,000 decisions; the last seen first. */
  readonly tools: readonly ToolSeen[];
  /** Over the same decisions; the last seen first. */
  readonly sessions: readonly { readonly session: string; readonly decisions: number; readonly lastSeen: Date }[];
}

/** What became of the records of one insert. */
export interface InsertOutcome {
  readonly inserted: number;
  /** Were there before, by id and time. */
  readonly repeated: number;
  /** Were there with personal fields that the given record has erased; they are erased now. */
  readonly erased: number;
}

export interface LogStatus {
  readonly migration: string;
  readonly partitions: readonly { readonly day: string; readonly rows: number; readonly bytes: number }[];
  /** Of all partitions; estimates of the planner. */
  readonly rows: number;
  /** With indexes. */
  readonly bytes: number;
  readonly oldest?: Date;
  readonly newest?: Date;
  /** From the decision to its arrival in the log, over the newest 1000 arrivals, in s. */
  readonly lagSeconds?: { readonly p50: number; readonly max: number };
}

/** The decision log. Methods throw `DecisionLogError` when the database cannot be asked. */
export interface DecisionLog {
  /** Stores records, each once. All or none. */
  insert(records: readonly EvidenceRecord[]): Promise<InsertOutcome>;
  /** Newest first. @throws RangeError for a cursor or limit of another form */
  list(filter: DecisionFilter, page?: PageRequest): Promise<Page>;
  /**
   * Counts over time, in the order of time. Buckets at both ends are whole ones. Shadow decisions are counted apart.
   *
   * @throws RangeError when `from` or `to` is absent, or there are more than 1500 buckets, or more than 180 of a minute
   */
  counts(filter: DecisionFilter & TimeWindow, bucket: Bucket): Promise<readonly BucketCount[]>;
  get(id: string): Promise<Decision | undefined>;
  /** Without a cursor: nothing, and the cursor of this moment. @throws RangeError for a cursor of another form */
  since(cursor: string | undefined, filter?: DecisionFilter, limit?: number): Promise<Arrivals>;
  /** Oldest first. */
  session(id: string, page?: PageRequest): Promise<Page>;
  person(id: string): Promise<PersonView>;
  /** The rules that spoke in a window, widened to whole 10 minutes, hours or days. */
  rules(window: TimeWindow): Promise<readonly RuleHits[]>;
  /** Whole records, oldest first, read in pages. */
  window(filter: DecisionFilter): AsyncIterable<EvidenceRecord>;
  /** Values that a field has in a window, the most frequent first, at most 200. */
  values(field: ValueField, window: TimeWindow): Promise<readonly { readonly value: string; readonly count: number }[]>;
  status(): Promise<LogStatus>;
  close(): Promise<void>;
}

/** Fields whose values a page may offer for a filter. */
export type ValueField =
  | 'tool'
  | 'server'
  | 'category'
  | 'reason'
  | 'rule'
  | 'source'
  | 'event'
  | 'entryPoint'
  | 'caller';

/** The database cannot be asked, or did not answer in time. The message states why, without the query. */
export class DecisionLogError extends Error {
  override readonly name: string = 'DecisionLogError';
}

/** The log never takes some of the records, however often it is asked. */
export class RecordsRefusedError extends DecisionLogError {
  override readonly name = 'RecordsRefusedError';
}
