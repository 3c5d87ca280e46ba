import { setTimeout as sleep } from 'node:timers/promises';
import type { ExportedSpan, OtlpCollector } from './otlp-collector.js';
import { waterfall } from './waterfall.js';

/** Spans of one trace come from several processes, each with its own batches. */
const QUIET_MS = 1500;
const POLL_MS = 250;
/** Refreshes and evidence have traces of their own, without a hook. */
const HOOK_ATTRIBUTE = 'iris.hook.event';

/** Prints the trace of each hook once no span of it has come for a while, until the signal is aborted. */
export async function printTraces(
  collector: OtlpCollector,
  print: (text: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const waiting = new Map<string, { readonly spans: ExportedSpan[]; last: number }>();
  let seen = 0;
  while (!signal.aborted) {
    for (const span of collector.spans.slice(seen)) {
      const trace = waiting.get(span.traceId) ?? { spans: [], last: 0 };
      trace.spans.push(span);
      trace.last = Date.now();
      waiting.set(span.traceId, trace);
    }
    seen = collector.spans.length;
    for (const [traceId, { spans, last }] of waiting) {
      if (Date.now() - last < QUIET_MS) continue;
      waiting.delete(traceId);
      if (spans.some(({ attributes }) => HOOK_ATTRIBUTE in attributes)) {
        print(`\ntrace ${traceId}\n${waterfall(spans)}\n`);
      }
    }
    await sleep(POLL_MS, undefined, { signal }).catch(() => undefined);
  }
}
