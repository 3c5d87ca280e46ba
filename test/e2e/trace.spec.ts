import { readFileSync } from 'node:fs';
import { eventually } from '@iris/context-cache/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { type Mesh, startMesh } from '../../apps/sandbox/src/mesh/mesh.js';
import {
  type ExportedSpan,
  type OtlpCollector,
  startOtlpCollector,
} from '../../apps/sandbox/src/telemetry/otlp-collector.js';
import { deviceOf, PRODUCTION, postHook, preRequest } from './hook-client.js';

const TRACE_ID = '4bf92f3577b34da6a3ce929d0e0e4736';
const DENIED_TRACE = '4bf92f3577b34da6a3ce929d0e0e4737';
const FAILED_TRACE = '4bf92f3577b34da6a3ce929d0e0e4738';
const CALLER_SPAN = '00f067aa0ba902b7';
/** An identity that the caller reports about itself. */
const BAGGAGE = 'identity-in-the-baggage';
const SECRET = 'parameter-that-nobody-may-see';

let collector: OtlpCollector;
let mesh: Mesh;
const lines: string[] = [];

beforeAll(async () => {
  collector = await startOtlpCollector();
  mesh = await startMesh({
    root: process.cwd(),
    commonEnv: {
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf',
      OTEL_TRACES_EXPORTER: 'otlp',
      OTEL_METRICS_EXPORTER: 'none',
      OTEL_BSP_SCHEDULE_DELAY: '200',
      IRIS_BULK_INTERVAL_SECONDS: '0',
    },
    pdpEnv: {
      OTEL_SERVICE_NAME: 'cerbos-pdp',
      OTEL_TRACES_SAMPLER: 'parentbased_always_on',
      OTEL_METRICS_EXPORTER: 'prometheus',
    },
    gatewayEnv: { IRIS_HOOK_BUDGET_MS: '10000', IRIS_LOG_LEVEL: 'debug' },
    onLine: (_process, line) => lines.push(line),
  });
});

afterAll(async () => {
  await mesh?.close();
  await collector?.close();
});

function named(spans: readonly ExportedSpan[], service: string, name: RegExp): ExportedSpan {
  const span = spans.find((candidate) => candidate.service === service && name.test(candidate.name));
  if (span === undefined) {
    const known = spans.map((candidate) => `${candidate.service}: ${candidate.name}`);
    throw new Error(`no span ${name} of ${service} among\n${known.join('\n')}`);
  }
  return span;
}

function ancestors(spans: readonly ExportedSpan[], span: ExportedSpan): string[] {
  const chain: string[] = [];
  for (let id = span.parentId; id !== ''; ) {
    chain.push(id);
    id = spans.find((candidate) => candidate.id === id)?.parentId ?? '';
  }
  return chain;
}

describe('one trace', () => {
  it('runs from the caller through the gateway, Redis, an enricher, its vendor and the PDP', async () => {
    const login = 'ben@lumen.example';
    const hook = preRequest({ login, tool: 'Read', input: { file_path: SECRET }, nodeId: deviceOf(mesh, login) });
    const headers = { traceparent: `00-${TRACE_ID}-${CALLER_SPAN}-01`, baggage: `user=${BAGGAGE}` };
    await postHook(mesh.gateways[0], hook, { headers });

    await eventually(async () => {
      const spans = collector.spans.filter(({ traceId }) => traceId === TRACE_ID);
      const server = named(spans, 'gateway', /^POST/);
      expect(server.parentId).toBe(CALLER_SPAN);
      // What the collector samples by is on the span of the hook.
      for (const key of sampledAttributes()) expect(Object.keys(server.attributes)).toContain(key);

      const redis = named(spans, 'gateway', /^hgetall/i);
      expect(ancestors(spans, redis)).toContain(server.id);

      for (const vendor of ['okta', 'workday', 'servicenow', 'pagerduty', 'tailscale']) {
        const service = `enricher-${vendor}`;
        const enrich = named(spans, service, /Enrich/i);
        expect(ancestors(spans, enrich)).toContain(server.id);
        const request = named(spans, service, /^GET/);
        expect(ancestors(spans, request)).toEqual(expect.arrayContaining([enrich.id, server.id]));
      }

      const check = named(spans, 'gateway', /CheckResources/);
      expect(ancestors(spans, check)).toContain(server.id);
      const pdp = spans.filter(({ service }) => service === 'cerbos-pdp');
      expect(pdp.length).toBeGreaterThan(0);
      for (const span of pdp) expect(ancestors(spans, span)).toContain(server.id);
      expect(pdp.some((span) => ancestors(spans, span).includes(check.id))).toBe(true);
    });
  });

  it('records on the span of a hook that something was denied, or that there was no decision', async () => {
    const login = 'ben@lumen.example';
    const denied = preRequest({ login, tool: 'mcp__postgres__execute_sql', input: PRODUCTION });
    await postHook(mesh.gateways[0], denied, { headers: { traceparent: `00-${DENIED_TRACE}-${CALLER_SPAN}-01` } });
    const bodyless = { metadata: { login_name: login } };
    await postHook(mesh.gateways[0], bodyless, { headers: { traceparent: `00-${FAILED_TRACE}-${CALLER_SPAN}-01` } });
    const attributesOf = (id: string) => {
      const spans = collector.spans.filter(({ traceId }) => traceId === id);
      return named(spans, 'gateway', /^POST/).attributes;
    };
    await eventually(async () => {
      expect(attributesOf(DENIED_TRACE)).toMatchObject({ 'iris.decision.denied': 'true', 'iris.hook.failed': 'false' });
      expect(attributesOf(FAILED_TRACE)).toMatchObject({ 'iris.decision.denied': 'false', 'iris.hook.failed': 'true' });
    });
  });

  it('joins the logs, and holds no parameter, credential or hook key', () => {
    const all = `${collector.received()}\n${lines.join('\n')}`;
    for (const secret of [SECRET, BAGGAGE, 'sandbox-hook-key', ...secretsOf(mesh)]) expect(all).not.toContain(secret);
  });
});

function sampledAttributes(): string[] {
  const { processors } = parse(readFileSync('deploy/otel/collector.yaml', 'utf8')) as {
    processors: { tail_sampling: { policies: Record<'string_attribute' | 'boolean_attribute', { key: string }>[] } };
  };
  return processors.tail_sampling.policies.flatMap(({ string_attribute, boolean_attribute }) =>
    [string_attribute, boolean_attribute].flatMap((attribute) => attribute?.key ?? []),
  );
}

function secretsOf({ sandbox: { credentials } }: Mesh): string[] {
  return [
    credentials.okta.token,
    credentials.workday.password,
    credentials.servicenow.password,
    credentials.pagerduty.token,
    credentials.tailscale.clientSecret,
  ];
}
