import type { METRICS, MetricLabels, MetricName } from '@iris/telemetry';
import { prometheusName } from '@iris/telemetry';

type OfKind<K extends string> = {
  [N in MetricName]: (typeof METRICS)[N]['kind'] extends K ? N : never;
}[MetricName];
type Label<N extends MetricName> = keyof MetricLabels<N> & string;
/** Wanted values of labels. A text with `|` or `.*` is a regular expression, as is a variable of the dashboard. */
type Matchers<N extends MetricName> = Partial<Record<Label<N>, string>>;
/** Labels that Prometheus puts on when it scrapes. */
type By<N extends MetricName> = readonly (Label<N> | 'pod')[];

/** Of one release; everything is asked for it alone. */
export const RELEASE = 'namespace="$namespace"';

function selector(series: string, matchers: Readonly<Record<string, string | undefined>>): string {
  const asked = Object.entries(matchers).flatMap(([label, value]) =>
    value === undefined ? [] : [`${label}${/[|*$]/.test(value) ? '=~' : '='}"${value}"`],
  );
  return `${series}{${[RELEASE, ...asked].join(', ')}}`;
}

function by(labels: readonly string[]): string {
  return labels.length === 0 ? '' : ` by (${labels.join(', ')})`;
}

/** How often a second, by labels. */
export function rate<N extends OfKind<'counter'>>(name: N, labels: By<N>, matchers: Matchers<N> = {}): string {
  return `sum${by(labels)} (rate(${selector(prometheusName(name), matchers)}[$__rate_interval]))`;
}

/** What part some events are of all. */
export function share<N extends OfKind<'counter'>>(name: N, labels: By<N>, of: Matchers<N>, all: Matchers<N>): string {
  return `${rate(name, labels, of)} / ${rate(name, labels, all)}`;
}

/** A quantile of a histogram, by labels. */
export function quantile<N extends OfKind<'histogram'>>(
  q: number,
  name: N,
  labels: By<N> = [],
  matchers: Matchers<N> = {},
): string {
  const buckets = selector(`${prometheusName(name)}_bucket`, matchers);
  return `histogram_quantile(${q}, sum by (${['le', ...labels].join(', ')}) (rate(${buckets}[$__rate_interval])))`;
}

/** A gauge, the largest or the least of all pods. */
export function gauge<N extends OfKind<'gauge'>>(
  of: 'max' | 'min',
  name: N,
  labels: By<N> = [],
  matchers: Matchers<N> = {},
): string {
  return `${of}${by(labels)} (${selector(prometheusName(name), matchers)})`;
}
