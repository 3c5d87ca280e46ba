export { endOnSignal } from './end-on-signal.js';
export { createLogger, LOG_LEVELS, type Logger } from './logger.js';
export { METRICS, type MetricLabels, type MetricName } from './metric-catalogue.js';
export type { RedisUse } from './metric-labels.js';
export { UNRECOGNISED_FORMATS } from './metric-labels.js';
export { count, record, recordDuration, setGauge } from './metrics.js';
export { prometheusName, prometheusSeries } from './prometheus-name.js';
export { activeTraceId, annotateSpan, inSpan } from './spans.js';
