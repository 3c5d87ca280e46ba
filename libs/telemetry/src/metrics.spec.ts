import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { metrics as api } from '@opentelemetry/api';
import { metrics } from '@opentelemetry/sdk-node';
import { METRICS } from './metric-catalogue.js';
import { count, record, recordDuration, setGauge } from './metrics.js';

const exporter = new metrics.InMemoryMetricExporter(metrics.AggregationTemporality.CUMULATIVE);
const reader = new metrics.PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
const provider = new metrics.MeterProvider({ readers: [reader] });

beforeAll(() => {
  api.setGlobalMeterProvider(provider);
});
afterAll(async () => {
  await provider.shutdown();
  api.disable();
});

/** The last export of a metric. */
async function exported(name: keyof typeof METRICS) {
  await provider.forceFlush();
  const found = exporter
    .getMetrics()
    .at(-1)
    ?.scopeMetrics.flatMap((scope) => scope.metrics)
    .find(({ descriptor }) => descriptor.name === name);
  if (found === undefined) throw new Error(`${name} is not exported`);
  return found;
}

describe('metrics', () => {
  it('carry the unit and the meaning of the catalogue', async () => {
    count('iris.catalog.reloads', { outcome: 'applied' });
    const { descriptor } = await exported('iris.catalog.reloads');
    expect(descriptor).toMatchObject({ unit: '{reload}', description: METRICS['iris.catalog.reloads'].meaning });
  });

  it('add up by labels', async () => {
    count('iris.source.synced_subjects', { source: 'okta' });
    count('iris.source.synced_subjects', { source: 'okta' }, 4);
    count('iris.source.synced_subjects', { source: 'workday' });
    const { dataPoints } = await exported('iris.source.synced_subjects');
    expect(dataPoints.map(({ attributes, value }) => [attributes, value])).toEqual([
      [{ source: 'okta' }, 5],
      [{ source: 'workday' }, 1],
    ]);
  });

  it('keep the last value of a gauge', async () => {
    setGauge('iris.pdp.ready', 0, {});
    setGauge('iris.pdp.ready', 1, {});
    const { dataPoints } = await exported('iris.pdp.ready');
    expect(dataPoints.map(({ value }) => value)).toEqual([1]);
  });

  it('record durations in seconds, in the buckets of the catalogue', async () => {
    recordDuration('iris.pdp.duration', 250, { method: 'check', outcome: 'ok' });
    record('iris.pdp.duration', 0.5, { method: 'check', outcome: 'ok' });
    const { dataPoints } = await exported('iris.pdp.duration');
    expect(dataPoints.map(({ value }) => value)).toMatchObject([
      { count: 2, sum: 0.75, buckets: { boundaries: METRICS['iris.pdp.duration'].buckets } },
    ]);
  });
});
