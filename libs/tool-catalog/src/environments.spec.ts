import { readFileSync } from 'node:fs';
import type { JsonObject } from '@iris/contracts';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parse } from 'yaml';
import { loadCatalog } from './catalog.js';

interface EnvironmentCase {
  readonly tool?: string;
  readonly params?: JsonObject;
  readonly is?: string;
  readonly target?: string;
  readonly targets?: readonly string[];
  readonly ambiguous?: boolean;
}

const file = parse(readFileSync('libs/tool-catalog/cases/environments.yaml', 'utf8')) as {
  readonly tool: string;
  readonly anomaly: string;
  readonly cases: readonly EnvironmentCase[];
};
const catalog = loadCatalog({ path: 'policies/catalog.yaml' });

describe('a call', () => {
  it.each(file.cases.map((one) => [JSON.stringify([one.tool, one.params]), one] as const))(
    '%s',
    (_, {
      tool = file.tool,
      params,
      is,
      target,
      targets = target === undefined ? [] : [target],
      ambiguous = false,
    }) => {
      const classified = catalog.classify({ name: tool, params });
      expect(classified.classification.environment).toBe(is);
      expect(classified.resources.map(({ id }) => id)).toEqual(targets);
      expect(classified.classification.target?.id).toBe(targets.length === 1 ? targets[0] : undefined);
      expect(classified.tool.anomalies).toEqual(ambiguous ? [file.anomaly] : []);
      expect(JSON.stringify(classified)).not.toContain('hunter2pw');
    },
  );

  it('is never taken for a less restrictive environment with one more host', () => {
    const order = ['production', undefined, 'staging', 'development'];
    const host = fc.constantFrom('prod-1', 'staging-1', 'dev1', 'db7', '10.0.0.5', 'st aging');
    const rank = (hosts: readonly string[]) => {
      const params = { connections: hosts.map((name) => ({ host: name })) };
      return order.indexOf(catalog.classify({ name: file.tool, params }).classification.environment);
    };
    fc.assert(
      fc.property(fc.array(host, { minLength: 1, maxLength: 4 }), host, (hosts, more) => {
        expect(rank([...hosts, more])).toBeLessThanOrEqual(rank(hosts));
      }),
    );
  });

  it('is not read beyond the bounds of its parameters, and then nothing excludes production', () => {
    const environment = (params: JsonObject) =>
      catalog.classify({ name: file.tool, params }).classification.environment;
    const staging = 'postgres://staging/x';
    expect(environment({ url: staging })).toBe('staging');
    expect(environment({ url: [staging, `staging${'x'.repeat(5000)}`] })).toBeUndefined();
    expect(environment({ url: Array.from({ length: 2000 }, () => staging) })).toBeUndefined();
    expect(environment({ url: staging, schema: 'x'.repeat(5000) })).toBeUndefined();
    const many = Object.fromEntries(Array.from({ length: 3000 }, (_, index) => [`k${index}`, 1]));
    expect(environment({ ...many, url: staging })).toBeUndefined();
    // Unknown opens pages of the web, so there it is told as the strictest.
    const prompt = { prompt: 'x'.repeat(5000) };
    expect(catalog.classify({ name: 'web_fetch', params: prompt }).classification.environment).toBe('production');
  });
});

describe('environmentOfHost', () => {
  it.each([
    ['orders-staging.db.lumen.example', 'staging'],
    ['orders-staging.db.lumen.example:15432', 'staging'],
    ['orders-prod.db.lumen.example', 'production'],
    ['orders-prod.evil.example', 'production'],
    ['localhost', 'development'],
    ['localhost:5432', 'development'],
    ['localhost:15432', undefined],
    ['LOCALHOST.', 'development'],
    ['staging.nip.io', undefined],
    ['10.1.2.3', undefined],
    ['', undefined],
  ])('%s is %s', (host, environment) => {
    expect(catalog.environmentOfHost(host)).toBe(environment);
  });
});
