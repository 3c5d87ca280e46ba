import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { ROOT } from './helm.js';

interface Policy {
  readonly type: string;
  readonly string_attribute?: { readonly key: string; readonly values: readonly string[] };
  readonly latency?: { readonly threshold_ms: number };
}
type Parts = Readonly<Record<string, unknown>>;

describe('the collector', () => {
  const config = parse(readFileSync(join(ROOT, 'deploy/otel/collector.yaml'), 'utf8')) as {
    receivers: Parts;
    processors: Parts & { tail_sampling: { policies: Policy[] } };
    exporters: Parts;
    service: { pipelines: Record<string, { receivers: string[]; processors: string[]; exporters: string[] }> };
  };

  it('uses what it defines, and defines what it uses', () => {
    const pipelines = Object.values(config.service.pipelines);
    for (const part of ['receivers', 'processors', 'exporters'] as const) {
      const used = new Set(pipelines.flatMap((pipeline) => pipeline[part]));
      expect([part, [...used].sort()]).toEqual([part, Object.keys(config[part]).sort()]);
    }
  });

  it('keeps what was denied by the attribute that the gateway sets', () => {
    const walk = readFileSync(join(ROOT, 'apps/gateway/src/walk.ts'), 'utf8');
    const policy = config.processors.tail_sampling.policies.find(({ type }) => type === 'string_attribute');
    expect(walk).toContain(`'${policy?.string_attribute?.key}': verdict.action`);
    expect(policy?.string_attribute?.values).toEqual(['block', 'modify']);
  });

  it('keeps failures and what is slower than the objective', () => {
    const { policies } = config.processors.tail_sampling;
    expect(policies.map(({ type }) => type)).toContain('status_code');
    expect(policies.find(({ type }) => type === 'latency')?.latency?.threshold_ms).toBe(1000);
  });
});
