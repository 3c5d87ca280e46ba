import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { ROOT } from './helm.js';

interface Policy {
  readonly type: string;
  readonly string_attribute?: { readonly key: string; readonly values: readonly string[] };
  readonly boolean_attribute?: { readonly key: string; readonly value: boolean };
  readonly latency?: { readonly threshold_ms: number };
}
type Parts = Readonly<Record<string, unknown>>;

describe('the collector', () => {
  const config = parse(readFileSync(join(ROOT, 'deploy/otel/collector.yaml'), 'utf8')) as {
    receivers: Parts;
    processors: Parts & { tail_sampling: { policies: Policy[] } };
    exporters: Parts;
    connectors: Parts;
    service: { pipelines: Record<string, { receivers: string[]; processors: string[]; exporters: string[] }> };
  };

  it('uses what it defines, and defines what it uses', () => {
    const pipelines = Object.values(config.service.pipelines);
    const connectors = Object.keys(config.connectors);
    for (const part of ['receivers', 'processors', 'exporters'] as const) {
      const used = new Set(pipelines.flatMap((pipeline) => pipeline[part]));
      const defined = [...Object.keys(config[part]), ...(part === 'processors' ? [] : connectors)];
      expect([part, [...used].sort()]).toEqual([part, defined.sort()]);
    }
  });

  it('keeps what was denied or not decided', () => {
    const { policies } = config.processors.tail_sampling;
    expect(policies.flatMap(({ string_attribute: attribute }) => attribute ?? [])).toEqual([
      { key: 'iris.verdict.action', values: ['block', 'modify'] },
    ]);
    expect(policies.flatMap(({ boolean_attribute: attribute }) => attribute ?? [])).toEqual([
      { key: 'iris.decision.denied', value: true },
      { key: 'iris.hook.failed', value: true },
    ]);
  });

  it('keeps failures and what is slower than the objective', () => {
    const { policies } = config.processors.tail_sampling;
    expect(policies.map(({ type }) => type)).toContain('status_code');
    expect(policies.find(({ type }) => type === 'latency')?.latency?.threshold_ms).toBe(1000);
  });
});
