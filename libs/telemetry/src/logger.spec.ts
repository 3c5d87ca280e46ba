import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { ROOT_CONTEXT, TraceFlags, trace } from '@opentelemetry/api';
import { createLogger, type LogLevel } from './logger.js';

function logged(level?: LogLevel) {
  const lines: Record<string, unknown>[] = [];
  const logger = createLogger('iris-test', level, { write: (line) => lines.push(JSON.parse(line)) });
  return { lines, logger };
}
afterEach(() => {
  jest.restoreAllMocks();
});

describe('a logger', () => {
  it('writes one JSON object a line, with its name, the level as a word and a time', () => {
    const { lines, logger } = logged();
    logger.warn({ source: 'okta' }, 'the vendor does not answer');
    expect(lines).toEqual([
      {
        level: 'warn',
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
        name: 'iris-test',
        pid: process.pid,
        source: 'okta',
        msg: 'the vendor does not answer',
      },
    ]);
  });

  it.each(['authorization', 'apikey', 'apiKey', 'token', 'password', 'secret', 'params', 'cookie'])(
    'replaces what is under %s, at the top and one level below',
    (key) => {
      const { lines, logger } = logged();
      logger.info({ [key]: 's3cret', request: { [key]: { inner: 's3cret' }, path: '/' } }, 'asked');
      expect(JSON.stringify(lines)).not.toContain('s3cret');
      expect(lines).toMatchObject([{ [key]: '[redacted]', request: { [key]: '[redacted]', path: '/' } }]);
    },
  );

  it('counts warnings and errors that are alike in place of writing each', () => {
    jest.useFakeTimers();
    const { lines, logger } = logged();
    for (let at = 0; at < 1338; at += 1) {
      logger.warn({ source: 'okta', err: new Error('connect ECONNREFUSED') }, 'the bulk read failed');
      logger.info('a hook was answered');
    }
    logger.warn({ source: 'workday', err: new Error('connect ECONNREFUSED') }, 'the bulk read failed');
    const warnings = () => lines.filter(({ level }) => level === 'warn');
    expect(warnings().map(({ source }) => source)).toEqual([...Array(5).fill('okta'), 'workday']);
    expect(lines).toHaveLength(1338 + 6);
    jest.advanceTimersByTime(90_000);
    expect(warnings().slice(6)).toMatchObject([{ source: 'okta', suppressed: 1333, msg: 'the bulk read failed' }]);
    logger.warn({ source: 'okta', err: new Error('connect ECONNREFUSED') }, 'the bulk read failed');
    expect(warnings()).toHaveLength(8);
    jest.useRealTimers();
  });

  it('adds the ids of the active trace', () => {
    const { lines, logger } = logged();
    const ids = {
      traceId: '0af7651916cd43dd8448eb211c80319c',
      spanId: 'b7ad6b7169203331',
      traceFlags: TraceFlags.NONE,
    };
    const span = trace.getSpan(trace.setSpanContext(ROOT_CONTEXT, ids));
    jest.spyOn(trace, 'getActiveSpan').mockReturnValue(span);
    logger.info('asked');
    expect(lines).toMatchObject([{ trace_id: ids.traceId, span_id: ids.spanId }]);
  });

  it.each([
    ['info', ['info', 'error']],
    ['error', ['error']],
    ['silent', []],
  ] as const)('at level %s writes %j', (level, written) => {
    const { lines, logger } = logged(level);
    logger.debug('d');
    logger.info('i');
    logger.error('e');
    expect(lines.map((line) => line.level)).toEqual(written);
  });
});
