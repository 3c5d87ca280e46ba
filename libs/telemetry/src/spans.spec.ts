import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { context, ROOT_CONTEXT, SpanStatusCode, TraceFlags, trace } from '@opentelemetry/api';
import { NodeSDK, tracing } from '@opentelemetry/sdk-node';
import { activeTraceId, annotateSpan, inSpan } from './spans.js';

const exporter = new tracing.InMemorySpanExporter();
const sdk = new NodeSDK({
  autoDetectResources: false,
  instrumentations: [],
  spanProcessors: [new tracing.SimpleSpanProcessor(exporter)],
  metricReaders: [],
});
beforeAll(() => sdk.start());
beforeEach(() => exporter.reset());
afterAll(() => sdk.shutdown());

describe('inSpan', () => {
  it('returns what the step returns, and ends the span with it', async () => {
    const result = await inSpan('stage', { calls: 2 }, async () => {
      expect(exporter.getFinishedSpans()).toHaveLength(0);
      await nextTurn();
      return 'done';
    });
    expect(result).toBe('done');
    expect(exporter.getFinishedSpans()).toMatchObject([
      { name: 'stage', attributes: { calls: 2 }, status: { code: SpanStatusCode.UNSET } },
    ]);
  });

  it('marks the span of a step that fails, by the name of the error alone', async () => {
    const fails = inSpan('stage', {}, async () => {
      throw new TypeError('the token is s3cret');
    });
    await expect(fails).rejects.toThrow('s3cret');
    const [span] = exporter.getFinishedSpans();
    expect(span?.status).toEqual({ code: SpanStatusCode.ERROR, message: 'TypeError' });
    expect(span?.events).toEqual([]);
  });

  it('makes the spans of a stage children of it', async () => {
    await inSpan('hook', {}, () => inSpan('context', {}, nextTurn));
    const [stage, hook] = exporter.getFinishedSpans();
    expect(stage?.parentSpanContext?.spanId).toBe(hook?.spanContext().spanId);
    expect(stage?.spanContext().traceId).toBe(hook?.spanContext().traceId);
  });
});

it('makes no spans of a trace that is not sampled, and keeps its id', async () => {
  const ids = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331', traceFlags: TraceFlags.NONE };
  await context.with(trace.setSpanContext(ROOT_CONTEXT, ids), () =>
    inSpan('hook', {}, async () => {
      await nextTurn();
      expect(activeTraceId()).toBe(ids.traceId);
    }),
  );
  expect(exporter.getFinishedSpans()).toEqual([]);
});

describe('the active span', () => {
  it('gets attributes and gives its trace', async () => {
    await inSpan('hook', {}, async () => {
      await nextTurn();
      annotateSpan({ action: 'block' });
      expect(activeTraceId()).toBe(trace.getActiveSpan()?.spanContext().traceId);
      expect(activeTraceId()).toMatch(/^[0-9a-f]{32}$/);
    });
    expect(exporter.getFinishedSpans()[0]?.attributes).toEqual({ action: 'block' });
  });

  it('is not needed', () => {
    annotateSpan({ action: 'block' });
    expect(activeTraceId()).toBeUndefined();
  });
});
