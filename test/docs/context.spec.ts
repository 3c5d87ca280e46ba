import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { contextTables, withTables } from './context-tables.js';

const PAGE = 'docs/context.md';

describe('the page about context', () => {
  it('holds the tables as the code and the registry have them', () => {
    const text = readFileSync(PAGE, 'utf8');
    const filled = withTables(text, contextTables('deploy/helm/iris/files/sources.yaml'));
    if (process.env.UPDATE_DOCS === '1') writeFileSync(PAGE, filled);
    // On a change that is meant: UPDATE_DOCS=1, then read the diff.
    expect(readFileSync(PAGE, 'utf8')).toBe(filled);
  });

  it('needs a place for each table', () => {
    expect(() => withTables('nothing', { freshness: 'x' })).toThrow('freshness');
  });
});
