export { HealthModule } from './health.module.js';
export { type FailureModes, HealthReport } from './health-report.js';
export { PdpWatch } from './pdp-watch.js';
export { revisionNumber } from './revision-number.js';
