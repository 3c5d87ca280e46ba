import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { DASHBOARDS } from '../../deploy/grafana/dashboards.js';
import { buildDashboard } from '../../deploy/grafana/panels.js';
import { faultsOfExpression } from '../observability/catalogue-check.js';

const FOLDER = 'deploy/helm/iris/files/dashboards';

describe('the dashboards', () => {
  it.each(DASHBOARDS.map((source) => [source.id, source] as const))('%s is what its source makes', (id, source) => {
    const path = join(FOLDER, `iris-${id}.json`);
    const text = `${JSON.stringify(buildDashboard(source), undefined, 2)}\n`;
    if (process.env.UPDATE_DOCS === '1') writeFileSync(path, text);
    expect(readFileSync(path, 'utf8')).toBe(text);
  });

  it('are all that the chart ships', () => {
    expect(readdirSync(FOLDER).sort()).toEqual(DASHBOARDS.map(({ id }) => `iris-${id}.json`).sort());
  });

  it('ask for metrics, labels and values of the catalogue', () => {
    const asked = DASHBOARDS.flatMap(({ panels }) => panels.flatMap(({ asks }) => Object.values(asks)));
    expect(asked.flatMap(faultsOfExpression)).toEqual([]);
  });

  it('have a page each in the documentation', () => {
    const text = readFileSync('docs/dashboards.md', 'utf8');
    for (const { title, says } of DASHBOARDS) expect(text).toContain(`| ${title} | ${says} |`);
  });
});
