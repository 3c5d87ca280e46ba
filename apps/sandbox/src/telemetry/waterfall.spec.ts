import { describe, expect, it } from '@jest/globals';
import type { ExportedSpan } from './otlp-collector.js';
import { waterfall } from './waterfall.js';

function span(id: string, parentId: string, startMs: number, endMs: number): ExportedSpan {
  return { service: 'gateway', name: id, traceId: 't', id, parentId, startMs, endMs, attributes: {} };
}

describe('waterfall', () => {
  it('puts a span below its parent, in the order of time, with a bar where it was', () => {
    const text = waterfall([
      span('pdp', 'hook', 50, 100),
      span('hook', 'caller', 0, 100),
      span('redis', 'hook', 0, 25),
    ]);
    expect(text.split('\n').map((line) => line.replace(/ +/g, ' ').trim())).toEqual([
      `gateway: hook ${'█'.repeat(40)} 100.0 ms`,
      `gateway: redis ${'█'.repeat(10)} 25.0 ms`,
      `gateway: pdp ${'█'.repeat(20)} 50.0 ms`,
    ]);
    expect(text.split('\n')[2]).toMatch(/^ {2}gateway: pdp {2,} {20}█/);
  });

  it('has a mark for a span without length, and leaves out a circle', () => {
    expect(waterfall([span('a', '', 5, 5)])).toContain('█');
    expect(waterfall([span('a', 'b', 0, 1), span('b', 'a', 0, 1)])).toBe('');
  });
});
