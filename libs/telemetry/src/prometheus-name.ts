import { METRICS, type MetricDefinition, type MetricName } from './metric-catalogue.js';

/**
 * What Prometheus calls a metric of the catalogue. OpenTelemetry's exporter for Node, by which the apps serve /metrics,
 * turns dots into underscores and ends a counter with `_total`; it appends no unit.
 */
export function prometheusName(name: MetricName): string {
  const base = name.replaceAll('.', '_');
  return METRICS[name].kind === 'counter' ? `${base}_total` : base;
}

/** The series of a metric in Prometheus, with the labels that each has. */
export function prometheusSeries(name: MetricName): ReadonlyMap<string, Readonly<Record<string, readonly string[]>>> {
  const { kind, labels, buckets = [] }: MetricDefinition = METRICS[name];
  const base = prometheusName(name);
  if (kind !== 'histogram') return new Map([[base, labels]]);
  return new Map([
    [`${base}_bucket`, { ...labels, le: [...buckets.map(String), '+Inf'] }],
    [`${base}_count`, labels],
    [`${base}_sum`, labels],
  ]);
}
