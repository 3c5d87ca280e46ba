import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SOURCE_IDS } from '@iris/contracts';
import { METRICS } from '@iris/telemetry';
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

  it('lists the values of the label of metrics', () => {
    expect([...METRICS['iris.source.fetches'].labels.source].sort()).toEqual(folders);
  });

  it('lists what the dashboard of context offers', () => {
    const { templating } = JSON.parse(readFileSync(join(CHART, 'files/dashboards/iris-context.json'), 'utf8'));
    const variable = templating.list.find(({ name }: { name: string }) => name === 'source');
    expect(variable.query.split(',').sort()).toEqual(folders);
  });

  it('lists what the reference of attributes and metrics tells', () => {
    const reference = (page: string) => readFileSync(join(ROOT, 'docs/reference', page), 'utf8');
    const headings = [...reference('attributes.md').matchAll(/^## Of (\w+), below/gm)].map(([, id]) => id);
    expect(headings.sort()).toEqual(folders);
    const [, values = ''] = /`iris\.source\.circuit`.*`source`: ([\w, ]*\w)/.exec(reference('metrics.md')) ?? [];
    expect(values.split(', ').sort()).toEqual(folders);
  });

  it('lists the enrichers that a laptop can run', () => {
    const { services } = parse(readFileSync(join(ROOT, 'deploy/docker/compose.yaml'), 'utf8'), { merge: true });
    const enrichers = Object.keys(services).filter((name) => name.startsWith('enricher-'));
    expect(enrichers.sort()).toEqual(folders.map((id) => `enricher-${id}`));
  });
});
