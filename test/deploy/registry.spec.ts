import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SOURCE_IDS } from '@iris/contracts';
import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { CHART, ROOT, registryText } from './helm.js';

const folders = readdirSync(join(ROOT, 'apps'))
  .filter((name) => name.startsWith('enricher-'))
  .map((name) => name.slice('enricher-'.length))
  .sort();

describe('the source registry', () => {
  it('lists the folders of enrichers', () => {
    expect(Object.keys(parse(registryText()).sources).sort()).toEqual(folders);
  });

  it('lists what the contracts know', () => {
    expect([...SOURCE_IDS].sort()).toEqual(folders);
  });

  it('lists the keys of the chart', () => {
    const values = parse(readFileSync(join(CHART, 'values.yaml'), 'utf8'));
    expect(Object.keys(values.enrichers).sort()).toEqual(folders);
  });

  it('lists the enrichers that a laptop can run', () => {
    const { services } = parse(readFileSync(join(ROOT, 'deploy/docker/compose.yaml'), 'utf8'), { merge: true });
    const enrichers = Object.keys(services).filter((name) => name.startsWith('enricher-'));
    expect(enrichers.sort()).toEqual(folders.map((id) => `enricher-${id}`));
  });
});
