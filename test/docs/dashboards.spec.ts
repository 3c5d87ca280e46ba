import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { DASHBOARDS } from '../../deploy/grafana/dashboards.js';
import { problemsOfExpression } from '../observability/catalogue-check.js';

describe('the dashboards', () => {
  it('ask for metrics, labels and values of the catalogue', () => {
    const asked = DASHBOARDS.flatMap(({ panels }) => panels.flatMap(({ queries }) => Object.values(queries)));
    expect(asked.flatMap(problemsOfExpression)).toEqual([]);
  });

  it('have a page each in the documentation', () => {
    const text = readFileSync('docs/dashboards.md', 'utf8');
    for (const { title, description } of DASHBOARDS) expect(text).toContain(`| ${title} | ${description} |`);
  });
});
