import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { METRICS } from '@iris/telemetry';
import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { CHART, ROOT } from './helm.js';

const ALERTS = join(CHART, 'files/alerts.yaml');
const TESTS = join(ROOT, 'deploy/prometheus/tests.yaml');
const RUNBOOKS = join(ROOT, 'deploy/prometheus/runbooks');

interface Rule {
  readonly alert?: string;
  readonly expr: string;
}

const rules = (parse(readFileSync(ALERTS, 'utf8')) as { groups: { rules: Rule[] }[] }).groups.flatMap(
  (group) => group.rules,
);
const alerts = rules.flatMap(({ alert }) => alert ?? []).sort();

/** Names as OpenTelemetry's Prometheus exporter gives them, with the labels of each. */
const exported = new Map<string, readonly string[]>();
for (const [name, { kind, labels }] of Object.entries(METRICS)) {
  const base = name.replaceAll('.', '_');
  if (kind === 'counter') exported.set(`${base}_total`, labels);
  if (kind === 'gauge') exported.set(base, labels);
  if (kind === 'histogram') {
    exported.set(`${base}_bucket`, [...labels, 'le']);
    exported.set(`${base}_count`, labels);
    exported.set(`${base}_sum`, labels);
  }
}

describe('the alerts', () => {
  it('ask for metrics and labels of the catalogue', () => {
    const faults: string[] = [];
    for (const { expr } of rules) {
      for (const [, metric = '', matchers = ''] of expr.matchAll(/\b(iris_\w+)(?:\{([^}]*)\})?/g)) {
        const labels = exported.get(metric);
        if (labels === undefined) faults.push(metric);
        for (const [, label = ''] of matchers.matchAll(/(\w+)\s*(?:=~|!~|!=|=)\s*"/g)) {
          if (labels?.includes(label) === false) faults.push(`${metric}{${label}}`);
        }
      }
    }
    expect(faults).toEqual([]);
  });

  it('have a runbook each, and a runbook has an alert', () => {
    expect(readdirSync(RUNBOOKS).sort()).toEqual(alerts.map((alert) => `${alert}.md`));
  });

  it('are each tested by a case that fires and one that does not', () => {
    const { tests } = parse(readFileSync(TESTS, 'utf8')) as { tests: { name: string }[] };
    expect(tests.map(({ name }) => name).sort()).toEqual(
      alerts.flatMap((alert) => [`${alert} fires`, `${alert} stays quiet`]).sort(),
    );
  });

  it('lead from runbook to runbook by links that are there', () => {
    for (const file of readdirSync(RUNBOOKS)) {
      const text = readFileSync(join(RUNBOOKS, file), 'utf8');
      expect(text).toMatch(new RegExp(`^# ${file.replace(/\.md$/, '')}\n`));
      for (const [, link = ''] of text.matchAll(/\]\(([^)]+)\)/g)) {
        expect([file, link, existsSync(join(dirname(join(RUNBOOKS, file)), link))]).toEqual([file, link, true]);
      }
    }
  });

  // promtool is in Debian's package prometheus; elsewhere IRIS_PROMTOOL names it.
  const promtool = process.env.IRIS_PROMTOOL ?? 'promtool';

  it('pass promtool', async () => {
    const run = promisify(execFile);
    await expect(run(promtool, ['check', 'rules', ALERTS])).resolves.toMatchObject({ stderr: '' });
    await expect(run(promtool, ['test', 'rules', TESTS])).resolves.toBeDefined();
  }, 180_000);
});
