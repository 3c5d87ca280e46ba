import type { ExportedSpan } from './otlp-collector.js';

const BAR_WIDTH = 40;
const NAME_WIDTH = 52;

/**
 * The spans of a trace as text, one line each: indented below its parent, with a bar for its time.
 *
 * A span whose parent is not among the spans is a root. Spans of a circle of parents are left out.
 */
export function waterfall(spans: readonly ExportedSpan[]): string {
  const start = Math.min(...spans.map((span) => span.startMs));
  const total = Math.max(1e-6, Math.max(...spans.map((span) => span.endMs)) - start);
  const ids = new Set(spans.map(({ id }) => id));
  const children = Map.groupBy(spans, ({ parentId }) => (ids.has(parentId) ? parentId : ''));
  const lines: string[] = [];
  const add = (parentId: string, depth: number) => {
    for (const span of [...(children.get(parentId) ?? [])].sort((one, other) => one.startMs - other.startMs)) {
      const name = `${'  '.repeat(depth)}${span.service}: ${span.name}`;
      const duration = span.endMs - span.startMs;
      lines.push(
        `${atWidth(name)} ${bar(span.startMs - start, duration, total)} ${duration.toFixed(1).padStart(8)} ms`,
      );
      add(span.id, depth + 1);
    }
  };
  add('', 0);
  return lines.join('\n');
}

function bar(offset: number, duration: number, total: number): string {
  const from = Math.min(BAR_WIDTH - 1, Math.floor((offset / total) * BAR_WIDTH));
  const width = Math.max(1, Math.min(BAR_WIDTH - from, Math.round((duration / total) * BAR_WIDTH)));
  return ' '.repeat(from) + '█'.repeat(width) + ' '.repeat(BAR_WIDTH - from - width);
}

function atWidth(name: string): string {
  return name.length > NAME_WIDTH ? `${name.slice(0, NAME_WIDTH - 1)}…` : name.padEnd(NAME_WIDTH);
}
