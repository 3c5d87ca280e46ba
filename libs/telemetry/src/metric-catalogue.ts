/**
 * Every metric of the mesh, declared once. Labels are of bounded cardinality: no person, no tool parameter.
 * Names follow OpenTelemetry's semantic conventions; in Prometheus dots become underscores and the unit is appended.
 */
export interface MetricDefinition {
  readonly kind: 'counter' | 'histogram' | 'gauge';
  readonly unit: string;
  readonly meaning: string;
  readonly labels: readonly string[];
}

export const METRICS = {
  'iris.hook.replies': {
    kind: 'counter',
    unit: '{reply}',
    meaning: 'Replies to hooks, by the action sent and the reason id.',
    labels: ['event', 'action', 'reason'],
  },
  'iris.hook.duration': {
    kind: 'histogram',
    unit: 's',
    meaning: 'Time from the arrival of a hook to its reply.',
    labels: ['event', 'action'],
  },
  'iris.hook.rejections': {
    kind: 'counter',
    unit: '{request}',
    meaning: 'Requests to a hook path that were refused before authentication.',
    labels: ['reason'],
  },
  'iris.hook.wiring_warnings': {
    kind: 'counter',
    unit: '{hook}',
    meaning: 'Hooks that cannot be judged or enforced because of how they are wired in Aperture.',
    labels: ['event', 'reason'],
  },
  'iris.hook.would_have': {
    kind: 'counter',
    unit: '{reply}',
    meaning: 'Replies that enforcement would have given where something is only observed, by their action.',
    labels: ['event', 'action'],
  },
  'iris.shadow.calls': {
    kind: 'counter',
    unit: '{call}',
    meaning:
      'Calls on which a candidate version of the policies was asked: same, allow_to_deny, deny_to_allow, failed, left_out.',
    labels: ['outcome'],
  },
  'iris.decision.calls': {
    kind: 'counter',
    unit: '{call}',
    meaning: 'Tool calls decided.',
    labels: ['phase', 'effect', 'reason', 'enforced'],
  },
  'iris.decision.remembered': {
    kind: 'counter',
    unit: '{call}',
    meaning: 'Tool calls whose earlier verdict was reused.',
    labels: ['effect'],
  },
  'iris.decision.stripped_tools': {
    kind: 'counter',
    unit: '{tool}',
    meaning: 'Declared tools that were removed from requests.',
    labels: ['format'],
  },
  'iris.context.answers': {
    kind: 'counter',
    unit: '{answer}',
    meaning: 'Facts of a source as they were given to the PDP, by status and by where they came from.',
    labels: ['source', 'status', 'origin', 'reason'],
  },
  'iris.context.duration': {
    kind: 'histogram',
    unit: 's',
    meaning: 'Time to gather the context of a hook.',
    labels: [],
  },
  'iris.context.refreshes_asked': {
    kind: 'counter',
    unit: '{job}',
    meaning: 'Refreshes of stale facts that the gateway asked for.',
    labels: ['source', 'outcome'],
  },
  'iris.pdp.duration': {
    kind: 'histogram',
    unit: 's',
    meaning: 'Time of a call to the PDP.',
    labels: ['method', 'outcome'],
  },
  'iris.pdp.plans': {
    kind: 'counter',
    unit: '{plan}',
    meaning: 'Plans that were needed for declared tools, by where they came from.',
    labels: ['origin'],
  },
  'iris.pdp.ready': {
    kind: 'gauge',
    unit: '1',
    meaning: '1 while the PDP answers the golden decisions as expected, else 0.',
    labels: [],
  },
  'iris.source.fetches': {
    kind: 'counter',
    unit: '{fetch}',
    meaning: 'Fetches from a vendor, by outcome.',
    labels: ['source', 'outcome'],
  },
  'iris.source.fetch.duration': {
    kind: 'histogram',
    unit: 's',
    meaning: 'Time of a fetch from a vendor, retries included.',
    labels: ['source', 'outcome'],
  },
  'iris.source.retries': {
    kind: 'counter',
    unit: '{retry}',
    meaning: 'Retries of a call to a vendor.',
    labels: ['source', 'reason'],
  },
  'iris.source.circuit': {
    kind: 'gauge',
    unit: '1',
    meaning: 'State of the circuit breaker of a vendor: 0 closed, 1 half open, 2 open.',
    labels: ['source'],
  },
  'iris.source.refreshes': {
    kind: 'counter',
    unit: '{job}',
    meaning: 'Refresh jobs that an enricher ran, by outcome.',
    labels: ['source', 'outcome'],
  },
  'iris.source.synced_subjects': {
    kind: 'counter',
    unit: '{subject}',
    meaning: 'Subjects whose facts a bulk read wrote.',
    labels: ['source'],
  },
  'iris.source.pushes': {
    kind: 'counter',
    unit: '{event}',
    meaning: "Events of a vendor's webhooks, by what became of them.",
    labels: ['source', 'outcome'],
  },
  'iris.evidence.records': {
    kind: 'counter',
    unit: '{record}',
    meaning: 'Evidence records, by what became of them.',
    labels: ['outcome'],
  },
  'iris.evidence.spool_bytes': {
    kind: 'gauge',
    unit: 'By',
    meaning: 'Evidence in the spool that is not confirmed as delivered, in whole segments.',
    labels: [],
  },
  'iris.evidence.set_aside': {
    kind: 'gauge',
    unit: '{batch}',
    meaning: 'Batches of this gateway that were refused and wait as dead letters.',
    labels: [],
  },
  'iris.evidence.batches': {
    kind: 'counter',
    unit: '{batch}',
    meaning: 'Batches of evidence between the gateway and the auditor, by what became of them.',
    labels: ['outcome'],
  },
  'iris.evidence.sink.records': {
    kind: 'counter',
    unit: '{record}',
    meaning: 'Evidence records that the auditor gave to a sink, by outcome.',
    labels: ['sink', 'outcome'],
  },
  'iris.evidence.sink.duration': {
    kind: 'histogram',
    unit: 's',
    meaning: 'Time of a delivery to a sink, retries included.',
    labels: ['sink', 'outcome'],
  },
  'iris.evidence.dead_letters': {
    kind: 'gauge',
    unit: '{batch}',
    meaning: 'Batches of evidence that wait as dead letters, of all gateways.',
    labels: [],
  },
} as const satisfies Record<string, MetricDefinition>;

export type MetricName = keyof typeof METRICS;

/** The labels of a metric. */
export type MetricLabels<N extends MetricName> = Readonly<Record<(typeof METRICS)[N]['labels'][number], string>>;
