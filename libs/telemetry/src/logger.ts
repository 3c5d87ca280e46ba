import { trace } from '@opentelemetry/api';
import { type DestinationStream, type Logger, type LoggerOptions, pino } from 'pino';

import { listedFields } from './log-fields.js';
import { likenessOf, RepeatedLines } from './repeated-lines.js';

export type { Logger };

/** Levels of a log, from all to nothing. An error means that somebody must act now. */
export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Lines are written together: a write of its own for each costs as much as deciding on a small hook. */
const BUFFERED_BYTES = 8 * 1024;
/** How long a line may wait, in ms: the most that is lost when the process is killed. At its own end it writes all. */
const FLUSH_MS = 100;

/** pino's number of the level; below it each line is of its own. */
const WARN = pino.levels.values.warn ?? 40;

/** Shared by all loggers of the process, so that their lines keep their order. */
let destination: DestinationStream | undefined;

/**
 * A logger that writes one JSON object a line, to stdout by default, with the ids of the active trace. Only the listed
 * fields are written (log-fields.ts). Warnings and
 * errors that are alike are counted: five in a minute are written, and one line with the number of the others.
 */
export function createLogger(name: string, level: LogLevel = 'info', to: DestinationStream = stdout()): Logger {
  const repeated = new RepeatedLines();
  const options: LoggerOptions = {
    name,
    level,
    base: { name, pid: process.pid },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }), log: listedFields },
    // pino would read the properties of an error that the fields leave out.
    serializers: { err: (shown) => shown },
    hooks: {
      logMethod(args, write, level) {
        if (level < WARN) {
          write.apply(this, args);
          return;
        }
        const key = likenessOf(level, args);
        const again = (suppressed: number) => write.apply(this.child({ suppressed }), args);
        if (repeated.passes(key, again)) write.apply(this, args);
      },
    },
    mixin: () => {
      const context = trace.getActiveSpan()?.spanContext();
      return context === undefined ? {} : { trace_id: context.traceId, span_id: context.spanId };
    },
  };
  return pino(options, to);
}

function stdout(): DestinationStream {
  destination ??= pino.destination({ dest: 1, sync: false, minLength: BUFFERED_BYTES, periodicFlush: FLUSH_MS });
  return destination;
}
