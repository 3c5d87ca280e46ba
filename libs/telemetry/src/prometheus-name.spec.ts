import { describe, expect, it } from '@jest/globals';
import { METRICS, type MetricName } from './metric-catalogue.js';
import { prometheusName, prometheusSeries } from './prometheus-name.js';

describe('the name of a metric in Prometheus', () => {
  it('has underscores, and ends with _total for a counter', () => {
    expect(prometheusName('iris.catalog.reloads')).toBe('iris_catalog_reloads_total');
    expect(prometheusName('iris.pdp.ready')).toBe('iris_pdp_ready');
  });

  it('is three names for a histogram, of which the buckets have a label more', () => {
    const labels = METRICS['iris.pdp.duration'].labels;
    const series = prometheusSeries('iris.pdp.duration');
    expect([...series.keys()]).toEqual([
      'iris_pdp_duration_bucket',
      'iris_pdp_duration_count',
      'iris_pdp_duration_sum',
    ]);
    expect(series.get('iris_pdp_duration_sum')).toEqual(labels);
    expect(series.get('iris_pdp_duration_bucket')?.le).toEqual([
      ...METRICS['iris.pdp.duration'].buckets.map(String),
      '+Inf',
    ]);
  });

  it('is one of its own for each metric, and valid', () => {
    const names = Object.keys(METRICS).flatMap((name) => [...prometheusSeries(name as MetricName).keys()]);
    expect(new Set(names).size).toBe(names.length);
    for (const name of names) expect(name).toMatch(/^[a-z][a-z0-9_]*$/);
  });
});
