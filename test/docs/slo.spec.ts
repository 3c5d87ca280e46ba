import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { problemsOfExpression } from '../observability/catalogue-check.js';
import { alertRules, rules } from '../observability/rules.js';

const text = readFileSync('docs/slo.md', 'utf8');

describe('the page of objectives', () => {
  it('asks for what the apps export', () => {
    expect(problemsOfExpression(text)).toEqual([]);
  });

  it('counts the same failures as the rules', () => {
    const reasons = (expression: string) => /reason=~"([^"]+)"/.exec(expression)?.[1];
    const recorded = rules.filter(({ record }) => record?.startsWith('iris:hook_failures')).map(({ expr }) => expr);
    expect(new Set([text, ...recorded].map(reasons)).size).toBe(1);
  });

  it.each(alertRules.filter(({ expr }) => expr.includes('iris:')))('has the factor of $alert', ({ alert, expr }) => {
    const [factor] = /[\d.]+(?= \* 0\.)/.exec(expr) ?? [];
    expect(text).toMatch(new RegExp(`^\\| \\[${alert}\\].* ${factor} times `, 'm'));
  });
});
