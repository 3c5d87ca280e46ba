export { stopTelemetry } from './lifecycle.js';
export { createLogger, LOG_LEVELS, type Logger, type LogLevel } from './logger.js';
export { METRICS, type MetricDefinition, type MetricName } from './metric-catalogue.js';
export { count, recordDuration, setGauge } from './metrics.js';
export { activeTraceId, annotateSpan, inSpan } from './spans.js';
