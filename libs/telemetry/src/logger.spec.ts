import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { ROOT_CONTEXT, TraceFlags, trace } from '@opentelemetry/api';
import { UNLISTED } from './log-fields.js';
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

  it.each([
    'authorization',
    'apikey',
    'apiKey',
    'token',
    'password',
    'secret',
    'params',
    'cookie',
    'login',
    'loginName',
    'body',
  ])('replaces what is under %s, and under every other name that is no field of the log', (key) => {
    const { lines, logger } = logged();
    logger.info({ [key]: 's3cret', [`${key}2`]: 's3cret', source: 'okta' }, 'asked');
    expect(JSON.stringify(lines)).not.toContain('s3cret');
    expect(lines).toMatchObject([{ [key]: UNLISTED, [`${key}2`]: UNLISTED, source: 'okta', msg: 'asked' }]);
  });

  it('replaces objects below its fields, whatever their names', () => {
    const { lines, logger } = logged();
    logger.info({ detail: { reason: 's3cret' }, rules: ['a', { reason: 's3cret' }, ['s3cret']], rows: 3 }, 'asked');
    expect(lines).toMatchObject([{ detail: UNLISTED, rules: ['a', UNLISTED, UNLISTED], rows: 3 }]);
  });

  it('writes an error and its causes without what libraries attach to them', () => {
    const { lines, logger } = logged();
    const attached = { config: { headers: { authorization: 's3cret' } }, metadata: { cookie: 's3cret' }, code: 14 };
    const cause = Object.assign(new TypeError('no route'), attached);
    const error = Object.assign(new Error('the PDP failed', { cause }), attached);
    logger.error({ err: error, cause }, 'failed');
    logger.error(error, 'failed again');
    expect(JSON.stringify(lines)).not.toContain('s3cret');
    const shown = { message: 'the PDP failed', code: 14, stack: expect.any(String), cause: { message: 'no route' } };
    expect(lines).toMatchObject([
      { err: shown, cause: { type: 'TypeError', message: 'no route', code: 14 } },
      { err: shown, msg: 'failed again' },
    ]);
  });

  it('ends with an error whose causes go round', () => {
    const { lines, logger } = logged();
    const error = new Error('round');
    error.cause = error;
    logger.error({ err: error }, 'failed');
    expect(lines).toMatchObject([{ err: { cause: { cause: { message: 'round' } } } }]);
  });

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
