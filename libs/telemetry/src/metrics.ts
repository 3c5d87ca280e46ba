import { type Counter, type Gauge, type Histogram, metrics } from '@opentelemetry/api';
import { METRICS, type MetricDefinition, type MetricLabels, type MetricName } from './metric-catalogue.js';

type NamesOfKind<K extends string> = {
  [N in MetricName]: (typeof METRICS)[N]['kind'] extends K ? N : never;
}[MetricName];

type NamesOfUnit<U extends string> = {
  [N in MetricName]: (typeof METRICS)[N]['unit'] extends U ? N : never;
}[MetricName];

const counters = new Map<string, Counter>();
const histograms = new Map<string, Histogram>();
const gauges = new Map<string, Gauge>();

function once<T>(instruments: Map<string, T>, name: string, make: () => T): T {
  let instrument = instruments.get(name);
  if (instrument === undefined) {
    instrument = make();
    instruments.set(name, instrument);
  }
  return instrument;
}

function options(name: MetricName) {
  const { unit, meaning, buckets }: MetricDefinition = METRICS[name];
  return {
    unit,
    description: meaning,
    ...(buckets === undefined ? {} : { advice: { explicitBucketBoundaries: [...buckets] } }),
  };
}

/** Adds to a counter of the catalogue. */
export function count<N extends NamesOfKind<'counter'>>(name: N, labels: MetricLabels<N>, by = 1): void {
  once(counters, name, () => metrics.getMeter('iris').createCounter(name, options(name))).add(by, { ...labels });
}

/** Records a value in a histogram of the catalogue, in the catalogue's unit. */
export function record<N extends NamesOfKind<'histogram'>>(name: N, value: number, labels: MetricLabels<N>): void {
  once(histograms, name, () => metrics.getMeter('iris').createHistogram(name, options(name))).record(value, {
    ...labels,
  });
}

/** Records a duration given in ms; the catalogue's unit is s. */
export function recordDuration<N extends NamesOfKind<'histogram'> & NamesOfUnit<'s'>>(
  name: N,
  ms: number,
  labels: MetricLabels<N>,
): void {
  record(name, ms / 1000, labels);
}

/** Sets a gauge of the catalogue. */
export function setGauge<N extends NamesOfKind<'gauge'>>(name: N, value: number, labels: MetricLabels<N>): void {
  once(gauges, name, () => metrics.getMeter('iris').createGauge(name, options(name))).record(value, { ...labels });
}
