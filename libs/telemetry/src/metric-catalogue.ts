import {
  ACTIONS,
  CONDITIONS_OF_REDIS,
  CONTEXT_ORIGINS,
  CONTEXT_STATUSES,
  EFFECTS,
  EVENTS,
  FORMATS,
  PDP_OUTCOMES,
  PHASES,
  REASONS_OF_ANY,
  REASONS_OR_NONE,
  REDIS_USES,
  SINKS,
  SOURCES,
  UNRECOGNISED_FORMATS,
  VENDOR_FAULTS,
  YES_OR_NO,
} from './metric-labels.js';

/**
 * Every metric of the mesh, declared once. A label has a closed list of values, so its cardinality is bounded.
 * Names follow OpenTelemetry's conventions; `prometheusName` returns their name in Prometheus.
 */
export interface MetricDefinition {
  readonly kind: 'counter' | 'histogram' | 'gauge';
  readonly unit: string;
  readonly meaning: string;
  readonly labels: Readonly<Record<string, readonly string[]>>;
  /** Upper bounds of a histogram's buckets, in its unit. */
  readonly buckets?: readonly number[];
}

/** From a ms to the longest budget that makes sense, in s. */
const DURATIONS = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 1.5, 2, 3, 5, 10] as const;
const SHARES = [0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1] as const;
/** From a second to three days, in s. */
const AGES = [1, 5, 15, 60, 300, 900, 3600, 14_400, 86_400, 259_200] as const;

export const METRICS = {
  'iris.hook.replies': {
    kind: 'counter',
    unit: '{reply}',
    meaning: 'Replies to hooks, by the action sent and the reason id.',
    labels: { event: EVENTS, action: ACTIONS, reason: REASONS_OF_ANY },
  },
  'iris.hook.duration': {
    kind: 'histogram',
    unit: 's',
    meaning: 'Time from the arrival of a hook to its reply.',
    labels: { event: EVENTS, action: ACTIONS },
    buckets: DURATIONS,
  },
  'iris.hook.budget_used': {
    kind: 'histogram',
    unit: '1',
    meaning: 'Share of its budget that a hook used until its reply.',
    labels: { event: EVENTS },
    buckets: SHARES,
  },
  'iris.hook.failure_mode': {
    kind: 'counter',
    unit: '{reply}',
    meaning: 'Replies that the failure mode gave because a hook could not be decided, by the action sent.',
    labels: { event: EVENTS, action: ACTIONS, reason: REASONS_OF_ANY },
  },
  'iris.hook.rejections': {
    kind: 'counter',
    unit: '{request}',
    meaning: 'Requests to a hook path that were refused by their hook key: unknown, or not permitted on the path.',
    labels: { reason: ['hook_unauthenticated', 'hook_key_not_permitted'] },
  },
  'iris.hook.keys': {
    kind: 'gauge',
    unit: '{key}',
    meaning: 'Hook keys in use.',
    labels: {},
  },
  'iris.hook.key_reloads': {
    kind: 'counter',
    unit: '{reload}',
    meaning: 'Changes of the hook keys file: applied, or refused because the new file cannot be used.',
    labels: { outcome: ['applied', 'refused'] },
  },
  'iris.hook.offloaded': {
    kind: 'counter',
    unit: '{hook}',
    meaning: 'Large hooks for a worker thread: read, refused because all are busy, or failed because the thread ended.',
    labels: { outcome: ['read', 'busy', 'failed'] },
  },
  'iris.hook.buffered_bytes': {
    kind: 'gauge',
    unit: 'By',
    meaning: 'Bytes of hook bodies in memory.',
    labels: {},
  },
  'iris.hook.wiring_warnings': {
    kind: 'counter',
    unit: '{hook}',
    meaning: "Hooks that cannot be evaluated or enforced because of Aperture's configuration.",
    labels: { event: EVENTS, reason: ['nothing_to_evaluate', 'observe_only', 'calls_mismatch'] },
  },
  'iris.hook.unrecognised': {
    kind: 'counter',
    unit: '{kind}',
    meaning:
      'Kinds in hooks that the format of the body does not list: content that is judged as a call, declared tools, top-level fields.',
    labels: { format: UNRECOGNISED_FORMATS, kind: ['call', 'tool', 'field'] },
  },
  'iris.hook.would_have': {
    kind: 'counter',
    unit: '{reply}',
    meaning: 'Replies that enforcement would have returned in observe mode, by action.',
    labels: { event: EVENTS, action: ACTIONS },
  },
  'iris.shadow.calls': {
    kind: 'counter',
    unit: '{call}',
    meaning:
      'Calls that were also checked with candidate policies: same, allow_to_deny, deny_to_allow, failed, left_out.',
    labels: { outcome: ['same', 'allow_to_deny', 'deny_to_allow', 'failed', 'left_out'] },
  },
  'iris.decision.calls': {
    kind: 'counter',
    unit: '{call}',
    meaning: 'Tool calls decided.',
    labels: { phase: PHASES, effect: EFFECTS, reason: REASONS_OF_ANY, enforced: YES_OR_NO },
  },
  'iris.decision.remembered': {
    kind: 'counter',
    unit: '{call}',
    meaning: 'Tool calls with a cached verdict.',
    labels: { effect: EFFECTS },
  },
  'iris.decision.stripped_tools': {
    kind: 'counter',
    unit: '{tool}',
    meaning: 'Declared tools that were removed from requests.',
    labels: { format: FORMATS },
  },
  'iris.context.answers': {
    kind: 'counter',
    unit: '{answer}',
    meaning: 'Entries of a source sent to the PDP, by status and origin.',
    labels: { source: SOURCES, status: CONTEXT_STATUSES, origin: CONTEXT_ORIGINS, reason: REASONS_OR_NONE },
  },
  'iris.context.age': {
    kind: 'histogram',
    unit: 's',
    meaning: "Age of a source's entry when it was sent to the PDP.",
    labels: { source: SOURCES },
    buckets: AGES,
  },
  'iris.context.duration': {
    kind: 'histogram',
    unit: 's',
    meaning: 'Time to gather the context of a hook.',
    labels: {},
    buckets: DURATIONS,
  },
  'iris.context.refreshes_asked': {
    kind: 'counter',
    unit: '{job}',
    meaning: 'Refreshes of entries that the gateway requested.',
    labels: { source: SOURCES, outcome: ['asked', 'dropped'] },
  },
  'iris.pdp.duration': {
    kind: 'histogram',
    unit: 's',
    meaning: 'Time of a call to the PDP.',
    labels: { method: ['check', 'plan'], outcome: PDP_OUTCOMES },
    buckets: DURATIONS,
  },
  'iris.proxy.requests': {
    kind: 'counter',
    unit: '{request}',
    meaning: 'Questions of applications to the enriching PDP, by protocol and outcome.',
    labels: {
      protocol: ['cerbos', 'authzen', 'ext_authz', 'ext_mcp'],
      outcome: [...PDP_OUTCOMES, 'unauthenticated', 'caller_not_permitted', 'request_unreadable'],
    },
  },
  'iris.proxy.replaced': {
    kind: 'counter',
    unit: '{attribute}',
    meaning: 'Attributes of applications that facts of a source replaced or ruled out.',
    labels: { of: ['principal', 'resource'] },
  },
  'iris.pdp.plans': {
    kind: 'counter',
    unit: '{plan}',
    meaning:
      'Plans for declared tools: cached, replaced by a check, made by the PDP, or left out because of the limit per hook (the tool stays declared and its calls are checked).',
    labels: { origin: ['memory', 'check', 'plan', 'left_out'] },
  },
  'iris.pdp.ready': {
    kind: 'gauge',
    unit: '1',
    meaning: '1 while the PDP answers the golden decisions as expected, else 0.',
    labels: {},
  },
  'iris.pdp.revision': {
    kind: 'gauge',
    unit: '1',
    meaning: 'Number derived from the policy revision, 0 without one: equal for gateways with the same policies.',
    labels: {},
  },
  'iris.catalog.revision': {
    kind: 'gauge',
    unit: '1',
    meaning: 'Number derived from the revision of the tool catalog: equal for gateways with the same catalog.',
    labels: {},
  },
  'iris.catalog.reloads': {
    kind: 'counter',
    unit: '{reload}',
    meaning: "Changes of the tool catalog's file that were read, by outcome.",
    labels: { outcome: ['applied', 'refused'] },
  },
  'iris.catalog.failed': {
    kind: 'gauge',
    unit: '1',
    meaning: '1 while the tool catalog file is invalid and an older version is in use, else 0.',
    labels: {},
  },
  'iris.source.fetches': {
    kind: 'counter',
    unit: '{fetch}',
    meaning: 'Fetches from a vendor, by outcome.',
    labels: { source: SOURCES, outcome: ['found', 'not_found', ...VENDOR_FAULTS] },
  },
  'iris.source.fetch.duration': {
    kind: 'histogram',
    unit: 's',
    meaning: 'Time of a fetch from a vendor, retries included.',
    labels: { source: SOURCES, outcome: ['found', 'not_found', ...VENDOR_FAULTS] },
    buckets: DURATIONS,
  },
  'iris.source.retries': {
    kind: 'counter',
    unit: '{retry}',
    meaning: 'Retries of a call to a vendor.',
    labels: { source: SOURCES, reason: VENDOR_FAULTS },
  },
  'iris.source.circuit': {
    kind: 'gauge',
    unit: '1',
    meaning: 'State of the circuit breaker of a vendor: 0 closed, 1 half open, 2 open.',
    labels: { source: SOURCES },
  },
  'iris.source.rate_budget_left': {
    kind: 'gauge',
    unit: '1',
    meaning:
      "Remaining share of a vendor's rate limit by its last answer with such headers; of several limits the last one used.",
    labels: { source: SOURCES },
  },
  'iris.source.refreshes': {
    kind: 'counter',
    unit: '{job}',
    meaning: 'Refresh jobs that an enricher ran, by outcome.',
    labels: { source: SOURCES, outcome: ['refreshed', 'not_needed', 'failed'] },
  },
  'iris.source.synced_subjects': {
    kind: 'counter',
    unit: '{subject}',
    meaning: 'Subjects whose entries a bulk read wrote.',
    labels: { source: SOURCES },
  },
  'iris.source.last_bulk_read': {
    kind: 'gauge',
    unit: 's',
    meaning: 'Start of the last successful bulk read, in s since the epoch.',
    labels: { source: SOURCES },
  },
  'iris.source.rows_left_out': {
    kind: 'counter',
    unit: '{row}',
    meaning: 'Rows of a vendor that were left out because their shape is unknown.',
    labels: { source: SOURCES },
  },
  'iris.source.pushes': {
    kind: 'counter',
    unit: '{event}',
    meaning: 'Webhook events of a vendor, by outcome.',
    labels: { source: SOURCES, outcome: ['taken', 'repeated', 'refused', 'not_passed_on'] },
  },
  'iris.redis.condition': {
    kind: 'gauge',
    unit: '1',
    meaning: '1 for the current condition of Redis, by its use in the process, else 0.',
    labels: { use: REDIS_USES, condition: CONDITIONS_OF_REDIS },
  },
  'iris.break_glass.active': {
    kind: 'gauge',
    unit: '1',
    meaning: '1 while a break-glass switch sets what is enforced to observe, for all categories or for one.',
    labels: {},
  },
  'iris.break_glass.refused': {
    kind: 'counter',
    unit: '{record}',
    meaning: 'Break-glass records in Redis that were refused: wrong signature, time or order.',
    labels: {},
  },
  'iris.evidence.records': {
    kind: 'counter',
    unit: '{record}',
    meaning: 'Evidence records, by outcome.',
    labels: { outcome: ['spooled', 'dropped'] },
  },
  'iris.evidence.spool_bytes': {
    kind: 'gauge',
    unit: 'By',
    meaning: 'Evidence in the spool that is not confirmed as delivered, in whole segments.',
    labels: {},
  },
  'iris.evidence.oldest_age': {
    kind: 'gauge',
    unit: 's',
    meaning: 'Age of the oldest undelivered record of the spool; 0 without one.',
    labels: {},
  },
  'iris.evidence.set_aside': {
    kind: 'gauge',
    unit: '{batch}',
    meaning: 'Refused batches of this gateway, kept as dead letters.',
    labels: {},
  },
  'iris.evidence.batches': {
    kind: 'counter',
    unit: '{batch}',
    meaning: 'Batches of evidence between gateway and auditor, by outcome.',
    labels: { outcome: ['sent', 'confirmed', 'refused'] },
  },
  'iris.evidence.sink.records': {
    kind: 'counter',
    unit: '{record}',
    meaning: 'Evidence records that the auditor sent to a sink, by outcome.',
    labels: { sink: SINKS, outcome: ['delivered', 'failed'] },
  },
  'iris.evidence.chain_breaks': {
    kind: 'counter',
    unit: '{break}',
    meaning: 'Breaks of the hash chains of evidence that the auditor met, by kind.',
    labels: { kind: ['changed', 'missing', 'unlinked'] },
  },
  'iris.notifications': {
    kind: 'counter',
    unit: '{notification}',
    meaning: 'Notifications of decisions, by outcome; left_out: batches that were not looked at.',
    labels: { outcome: ['sent', 'failed', 'suppressed', 'left_out'] },
  },
  'iris.evidence.sink.duration': {
    kind: 'histogram',
    unit: 's',
    meaning: 'Time of a delivery to a sink, retries included.',
    labels: { sink: SINKS, outcome: ['delivered', 'failed'] },
    buckets: DURATIONS,
  },
  'iris.evidence.dead_letters': {
    kind: 'gauge',
    unit: '{batch}',
    meaning: 'Dead letters of all gateways.',
    labels: {},
  },
  'iris.console.security_reports': {
    kind: 'counter',
    unit: '{report}',
    meaning: 'Violations of the content security policy that browsers reported to the console.',
    labels: {},
  },
} as const satisfies Record<string, MetricDefinition>;

export type MetricName = keyof typeof METRICS;

/** The labels of a metric, each with one of its values. */
export type MetricLabels<N extends MetricName> = {
  readonly [L in keyof (typeof METRICS)[N]['labels']]: (typeof METRICS)[N]['labels'][L] extends readonly (infer V extends
    string)[]
    ? V
    : never;
};
