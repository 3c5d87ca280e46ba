import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { DASHBOARDS } from '../../deploy/grafana/dashboards.js';
import { faultsOfExpression } from '../observability/catalogue-check.js';

describe('the dashboards', () => {
  it('ask for metrics, labels and values of the catalogue', () => {
    const asked = DASHBOARDS.flatMap(({ panels }) => panels.flatMap(({ asks }) => Object.values(asks)));
    expect(asked.flatMap(faultsOfExpression)).toEqual([]);
  });

  it('have a page each in the documentation', () => {
    const text = readFileSync('docs/dashboards.md', 'utf8');
    for (const { title, says } of DASHBOARDS) expect(text).toContain(`| ${title} | ${says} |`);
  });
});
