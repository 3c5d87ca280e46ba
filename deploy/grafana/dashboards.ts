import { SOURCE_IDS } from '@iris/contracts';
import { prometheusName } from '@iris/telemetry';
import type { DashboardSource, Panel } from './panels.js';
import { gauge, quantile, RELEASE, rate, share } from './queries.js';

const ENFORCEABLE = 'pre_request|pre_tool_use';
const SOURCE = { source: '$source' };

const overview: DashboardSource = {
  id: 'overview',
  title: 'overview',
  description: 'Are hooks answered, in time, and by decisions? Start here.',
  panels: [
    stat(
      'PDP',
      'none',
      'min',
      '1: every gateway gets the expected golden decisions from its PDP.',
      gauge('min', 'iris.pdp.ready'),
    ),
    stat(
      'No decision, 1 h',
      'percentunit',
      'max',
      'Share of enforceable hooks that no decision answered; the objective allows 0.1 %.',
      `max (iris:hook_failures:ratio_rate1h{${RELEASE}}) or vector(0)`,
    ),
    stat(
      'Slower than 1 s, 1 h',
      'percentunit',
      'max',
      'Share of enforceable hooks that took more than 1 s; the objective allows 1 %.',
      `max (iris:hook_slow:ratio_rate1h{${RELEASE}})`,
    ),
    stat(
      'Dead letters',
      'short',
      'max',
      'Batches of evidence that wait for a person.',
      gauge('max', 'iris.evidence.dead_letters'),
    ),
    stat(
      'Oldest evidence',
      's',
      'max',
      'How long the oldest record that is not delivered has waited.',
      gauge('max', 'iris.evidence.oldest_age'),
    ),
    stat(
      'Alerts',
      'none',
      'firing',
      'How many alerts of Iris fire.',
      `count (ALERTS{${RELEASE}, alertname=~"Iris.+", alertstate="firing"}) or vector(0)`,
    ),
    stacked('Hooks', 'reqps', 'Hooks a second, by event.', { '{{event}}': rate('iris.hook.replies', ['event']) }),
    stacked('Verdicts', 'reqps', 'Replies by the action sent.', {
      '{{action}}': rate('iris.hook.replies', ['action']),
    }),
    stacked('Reasons', 'reqps', 'Replies by their reason id.', { '{{reason}}': rate('iris.hook.replies', ['reason']) }),
    graph('Time to reply', 's', 'Of enforceable hooks; at the timeout in Aperture its fail_policy decides.', {
      p50: quantile(0.5, 'iris.hook.duration', [], { event: ENFORCEABLE }),
      p95: quantile(0.95, 'iris.hook.duration', [], { event: ENFORCEABLE }),
      p99: quantile(0.99, 'iris.hook.duration', [], { event: ENFORCEABLE }),
    }),
    graph('Budget used', 'percentunit', 'Share of its budget that a hook used; at 100 % the failure mode answers.', {
      p50: quantile(0.5, 'iris.hook.budget_used'),
      p95: quantile(0.95, 'iris.hook.budget_used'),
      p99: quantile(0.99, 'iris.hook.budget_used'),
    }),
    stacked('Failure-mode answers', 'reqps', 'Hooks that could not be decided, by what was sent and why.', {
      '{{action}} {{reason}}': rate('iris.hook.failure_mode', ['action', 'reason']),
    }),
    stacked('Wiring', 'reqps', "Hooks that cannot be judged or enforced because of Aperture's configuration.", {
      '{{event}} {{reason}}': rate('iris.hook.wiring_warnings', ['event', 'reason']),
    }),
    stacked('Refused keys', 'reqps', 'Requests with a missing or wrong hook key.', {
      '{{reason}}': rate('iris.hook.rejections', ['reason']),
    }),
  ],
};

const decisions: DashboardSource = {
  id: 'decisions',
  title: 'decisions',
  description:
    'What is decided about tool calls, and what enforcement or another version of the policies would change.',
  panels: [
    stacked('Decided calls', 'reqps', 'New decisions by effect.', {
      '{{effect}}': rate('iris.decision.calls', ['effect']),
    }),
    stacked('By phase', 'reqps', 'Whether a call was offered, asked for, or already run.', {
      '{{phase}}': rate('iris.decision.calls', ['phase']),
    }),
    stacked('Reasons', 'reqps', 'no_policy_match is a configuration error.', {
      '{{reason}}': rate('iris.decision.calls', ['reason']),
    }),
    graph('Denied', 'percentunit', 'Share of new decisions that deny.', {
      denied: share('iris.decision.calls', [], { effect: 'DENY' }, {}),
    }),
    stacked('Enforced', 'reqps', 'Denials that were put into force, and those that were only recorded.', {
      'enforced {{enforced}}': rate('iris.decision.calls', ['enforced'], { effect: 'DENY' }),
    }),
    stacked('Remembered', 'reqps', 'Calls whose earlier verdict was reused: history that comes back on every turn.', {
      '{{effect}}': rate('iris.decision.remembered', ['effect']),
    }),
    stacked('Removed tools', 'reqps', 'Declared tools that were taken out of requests, by format.', {
      '{{format}}': rate('iris.decision.stripped_tools', ['format']),
    }),
    stacked('Would have', 'reqps', 'Where something is only observed: what enforcement would have replied.', {
      '{{action}}': rate('iris.hook.would_have', ['action']),
    }),
    stacked('Candidate policies', 'reqps', 'Decisions of a candidate version of the policies on the same calls.', {
      '{{outcome}}': rate('iris.shadow.calls', ['outcome']),
    }),
  ],
};

const context: DashboardSource = {
  id: 'context',
  title: 'context',
  description: 'Where facts come from, how old they are, and how each vendor is doing.',
  sources: SOURCE_IDS,
  panels: [
    stacked('Facts by status', 'reqps', 'Stale and unavailable facts mean that a source or Redis fails.', {
      '{{source}} {{status}}': rate('iris.context.answers', ['source', 'status'], SOURCE),
    }),
    graph('Hits', 'percentunit', 'Share of facts that came from memory or Redis; the rest waited for the vendor.', {
      '{{source}}': share('iris.context.answers', ['source'], { ...SOURCE, origin: 'l1|redis' }, SOURCE),
    }),
    stacked('Facts by origin', 'reqps', 'l1 is memory; none: there was nobody to ask about.', {
      '{{origin}}': rate('iris.context.answers', ['origin'], SOURCE),
    }),
    graph('Age of facts', 's', 'p95 of the age of the facts that the PDP was given.', {
      '{{source}}': quantile(0.95, 'iris.context.age', ['source'], SOURCE),
    }),
    graph('Time to gather', 's', 'For all sources of a hook together.', {
      p50: quantile(0.5, 'iris.context.duration'),
      p95: quantile(0.95, 'iris.context.duration'),
    }),
    stacked('No facts', 'reqps', 'Why there were none.', {
      '{{source}} {{reason}}': rate('iris.context.answers', ['source', 'reason'], { ...SOURCE, status: 'unavailable' }),
    }),
    stacked('Fetches', 'reqps', 'Questions to the vendor, by outcome.', {
      '{{source}} {{outcome}}': rate('iris.source.fetches', ['source', 'outcome'], SOURCE),
    }),
    graph('Time of a fetch', 's', 'p95, retries included.', {
      '{{source}}': quantile(0.95, 'iris.source.fetch.duration', ['source'], SOURCE),
    }),
    stacked('Answers of vendors', 'reqps', 'HTTP requests of the enrichers, by host and status.', {
      '{{server_address}} {{http_response_status_code}}': `sum by (server_address, http_response_status_code) (rate(http_client_request_duration_count{${RELEASE}, pod=~".*enricher.*"}[$__rate_interval]))`,
    }),
    stacked('Retries', 'reqps', 'By the error that caused them.', {
      '{{source}} {{reason}}': rate('iris.source.retries', ['source', 'reason'], SOURCE),
    }),
    graph('Redis', 'none', '1 for the condition that Redis is in for some process; all is well while only ok is 1.', {
      '{{use}} {{condition}}': gauge('max', 'iris.redis.condition', ['use', 'condition']),
    }),
    graph('Circuit breaker', 'none', '0 closed, 1 half open, 2 open: the vendor is not asked.', {
      '{{source}}': gauge('max', 'iris.source.circuit', ['source'], SOURCE),
    }),
    graph(
      'Rate budget left',
      'percentunit',
      "Share of the vendor's rate limit that is left, if the vendor reports it.",
      {
        '{{source}}': gauge('min', 'iris.source.rate_budget_left', ['source'], SOURCE),
      },
    ),
    stacked('Refreshes', 'reqps', 'Refresh jobs of facts that were ending, by outcome.', {
      '{{source}} asked {{outcome}}': rate('iris.context.refreshes_asked', ['source', 'outcome'], SOURCE),
      '{{source}} ran {{outcome}}': rate('iris.source.refreshes', ['source', 'outcome'], SOURCE),
    }),
    graph('Since the last bulk read', 's', 'Grows without end when bulk reads fail.', {
      '{{source}}': `time() - ${gauge('max', 'iris.source.last_bulk_read', ['source'], SOURCE)}`,
    }),
    stacked('Subjects read in bulk', 'reqps', 'Subjects whose entries a bulk read wrote.', {
      '{{source}}': rate('iris.source.synced_subjects', ['source'], SOURCE),
    }),
    stacked('Rows left out', 'reqps', 'Rows of a vendor whose shape is not understood; the log names them.', {
      '{{source}}': rate('iris.source.rows_left_out', ['source'], SOURCE),
    }),
    stacked('Pushes', 'reqps', "Events of vendors' webhooks, by what became of them.", {
      '{{source}} {{outcome}}': rate('iris.source.pushes', ['source', 'outcome'], SOURCE),
    }),
  ],
};

const pdp: DashboardSource = {
  id: 'pdp',
  title: 'PDP',
  description: 'Does the policy decision point answer, fast, and with the same policies everywhere?',
  panels: [
    graph('Ready', 'none', '1 while a gateway gets the expected golden decisions.', {
      '{{pod}}': gauge('min', 'iris.pdp.ready', ['pod']),
    }),
    graph(
      'Revisions',
      'none',
      'How many different revisions of the policies answer; more than 1 for long is a stale PDP.',
      {
        revisions: `count (count_values ("revision", ${prometheusName('iris.pdp.revision')}{${RELEASE}}))`,
      },
    ),
    stacked('Calls', 'reqps', 'Calls to the PDP, by method and outcome.', {
      '{{method}} {{outcome}}': `sum by (method, outcome) (rate(${prometheusName('iris.pdp.duration')}_count{${RELEASE}}[$__rate_interval]))`,
    }),
    graph('Time of a call', 's', 'As the gateway sees it.', {
      'p50 {{method}}': quantile(0.5, 'iris.pdp.duration', ['method']),
      'p95 {{method}}': quantile(0.95, 'iris.pdp.duration', ['method']),
      'p99 {{method}}': quantile(0.99, 'iris.pdp.duration', ['method']),
    }),
    stacked('Plans', 'reqps', 'Plans for declared tools, from memory or from the PDP.', {
      '{{origin}}': rate('iris.pdp.plans', ['origin']),
    }),
    graph(
      'Age of the policies',
      's',
      'Since Cerbos read its store for the last time; it reads again when something changed.',
      {
        '{{pod}}': `time() - max by (pod) (cerbos_dev_store_last_successful_refresh{${RELEASE}}) / 1000`,
      },
    ),
    graph('Policies', 'short', 'Entries in the index of Cerbos.', {
      '{{pod}}': `max by (pod) (cerbos_dev_index_entry_count{${RELEASE}})`,
    }),
    graph('Memory', 'bytes', 'Of the PDP.', {
      '{{pod}}': `max by (pod) (process_resident_memory_bytes{${RELEASE}} and on (pod, instance) cerbos_dev_index_entry_count)`,
    }),
  ],
};

const evidence: DashboardSource = {
  id: 'evidence',
  title: 'evidence',
  description: 'Does every decision get to where it is kept?',
  panels: [
    stacked('Records', 'reqps', 'dropped: a decision was answered and left no record.', {
      '{{outcome}}': rate('iris.evidence.records', ['outcome']),
    }),
    graph('Backlog', 'bytes', 'What waits in the spools, in whole files.', {
      '{{pod}}': gauge('max', 'iris.evidence.spool_bytes', ['pod']),
    }),
    graph('Oldest', 's', 'How long the oldest record has waited for its delivery.', {
      '{{pod}}': gauge('max', 'iris.evidence.oldest_age', ['pod']),
    }),
    stacked('Batches', 'reqps', 'sent to the auditor, confirmed by it, or refused for good.', {
      '{{outcome}}': rate('iris.evidence.batches', ['outcome']),
    }),
    stacked('Sinks', 'reqps', 'Records given to a sink, by outcome.', {
      '{{sink}} {{outcome}}': rate('iris.evidence.sink.records', ['sink', 'outcome']),
    }),
    graph('Time of a delivery', 's', 'p95, by sink.', {
      '{{sink}}': quantile(0.95, 'iris.evidence.sink.duration', ['sink']),
    }),
    graph('Dead letters', 'short', 'Batches that were refused for good and wait for a person.', {
      'all gateways': gauge('max', 'iris.evidence.dead_letters'),
      '{{pod}}': gauge('max', 'iris.evidence.set_aside', ['pod']),
    }),
    stacked(
      'Blocked for want of evidence',
      'reqps',
      'Hooks that were blocked because a decision could not be recorded.',
      {
        '{{event}}': rate('iris.hook.replies', ['event'], { reason: 'evidence_unavailable' }),
      },
    ),
  ],
};

/** Every dashboard that the chart ships. */
export const DASHBOARDS: readonly DashboardSource[] = [overview, decisions, context, pdp, evidence];

function graph(title: string, unit: Panel['unit'], description: string, queries: Panel['queries']): Panel {
  return { kind: 'graph', title, description, unit, queries };
}

function stacked(title: string, unit: Panel['unit'], description: string, queries: Panel['queries']): Panel {
  return { kind: 'stacked', title, description, unit, queries };
}

function stat(title: string, unit: Panel['unit'], legend: string, description: string, query: string): Panel {
  return { kind: 'stat', title, description, unit, queries: { [legend]: query } };
}
