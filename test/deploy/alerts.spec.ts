import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { problemsOfExpression } from '../observability/catalogue-check.js';
import { ALERTS_FILE, alertRules, rules } from '../observability/rules.js';
import { ROOT } from './helm.js';

const TESTS = ['tests.yaml', 'tests-over-hours.yaml'].map((name) => join(ROOT, 'deploy/prometheus', name));
const RUNBOOKS = join(ROOT, 'deploy/prometheus/runbooks');

const alerts = alertRules.map(({ alert }) => alert).sort();

describe('the alerts', () => {
  it('ask for metrics, labels, values and bounds of the catalogue', () => {
    expect(rules.flatMap(({ expr }) => problemsOfExpression(expr))).toEqual([]);
  });

  it('have a severity, a summary and a runbook each, and a runbook has an alert', () => {
    for (const { alert, labels, annotations } of alertRules) {
      expect([alert, ['critical', 'warning'].includes(labels?.severity ?? ''), typeof annotations?.summary]).toEqual([
        alert,
        true,
        'string',
      ]);
    }
    expect(readdirSync(RUNBOOKS).sort()).toEqual(alerts.map((alert) => `${alert}.md`));
  });

  it('are each tested by a case that fires and one that does not, on series that the apps export', () => {
    const texts = TESTS.map((file) => readFileSync(file, 'utf8'));
    expect(texts.flatMap(problemsOfExpression)).toEqual([]);
    const tests = texts.flatMap((text) => (parse(text) as { tests: { name: string }[] }).tests);
    expect(tests.map(({ name }) => name).sort()).toEqual(
      alerts.flatMap((alert) => [`${alert} fires`, `${alert} stays quiet`]).sort(),
    );
  });

  it('have runbooks that name metrics of the catalogue and lead to pages that are there', () => {
    for (const file of readdirSync(RUNBOOKS)) {
      const text = readFileSync(join(RUNBOOKS, file), 'utf8');
      expect(text).toMatch(new RegExp(`^# ${file.replace(/\.md$/, '')}\n`));
      expect([file, problemsOfExpression(text)]).toEqual([file, []]);
      for (const [, link = ''] of text.matchAll(/\]\(([^)#]+)\)/g)) {
        expect([file, link, existsSync(join(dirname(join(RUNBOOKS, file)), link))]).toEqual([file, link, true]);
      }
    }
  });

  // promtool is in Debian's package prometheus; elsewhere IRIS_PROMTOOL names it.
  const promtool = process.env.IRIS_PROMTOOL ?? 'promtool';

  it('pass promtool', async () => {
    const run = promisify(execFile);
    await expect(run(promtool, ['check', 'rules', ALERTS_FILE])).resolves.toMatchObject({ stderr: '' });
    await expect(run(promtool, ['test', 'rules', ...TESTS])).resolves.toBeDefined();
  }, 180_000);
});
