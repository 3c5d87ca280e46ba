import { type Attributes, type Span, SpanStatusCode, TraceFlags, trace } from '@opentelemetry/api';

/**
 * Runs a step inside a span of its own. The span ends with the step; a thrown error marks it, by its name only, because
 * messages may quote what vendors or callers sent.
 */
export async function inSpan<T>(name: string, attributes: Attributes, step: () => Promise<T>): Promise<T> {
  if (isUnsampled(trace.getActiveSpan())) return step();
  return trace.getTracer('iris').startActiveSpan(name, { attributes }, async (span) => {
    try {
      return await step();
    } catch (error) {
      span.setStatus({ code: SpanStatusCode.ERROR, message: error instanceof Error ? error.name : 'error' });
      throw error;
    } finally {
      span.end();
    }
  });
}

/** Samplers follow the parent, so the spans of a trace that is not sampled would be made for nothing. */
function isUnsampled(parent: Span | undefined): boolean {
  return parent !== undefined && (parent.spanContext().traceFlags & TraceFlags.SAMPLED) === 0;
}

/** Adds attributes to the active span, if one is recorded. */
export function annotateSpan(attributes: Attributes): void {
  trace.getActiveSpan()?.setAttributes(attributes);
}

/** The id of the active trace; undefined when none is active. */
export function activeTraceId(): string | undefined {
  return trace.getActiveSpan()?.spanContext().traceId;
}
