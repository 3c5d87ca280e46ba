import { eventually } from '@iris/context-cache/testing';
import { expect, it } from '@jest/globals';
import type { ExportedSpan } from './otlp-collector.js';
import { printTraces } from './print-traces.js';

it('prints the trace of a hook once, with spans that came later, and no other trace', async () => {
  const span = (traceId: string, name: string, attributes = {}): ExportedSpan => {
    return { service: 'gateway', name, traceId, id: name, parentId: '', startMs: 0, endMs: 1, attributes };
  };
  const spans = [span('t1', 'POST', { 'iris.hook.event': 'pre_request' }), span('t2', 'bulk')];
  const collector = { url: '', spans, received: () => '', close: async () => undefined };
  const printed: string[] = [];
  const ended = new AbortController();
  const printing = printTraces(collector, (text) => printed.push(text), ended.signal);
  spans.push(span('t1', 'pdp'));
  await eventually(async () => expect(printed).toHaveLength(1));
  expect(printed[0]).toContain('trace t1');
  expect(printed[0]).toContain('gateway: pdp');
  ended.abort();
  await printing;
  expect(printed).toHaveLength(1);
});
