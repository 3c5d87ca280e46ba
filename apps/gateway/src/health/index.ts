export { HEALTH_FACTS, type HealthFacts } from './health.controller.js';
export { HealthModule } from './health.module.js';
export { PdpWatch } from './pdp-watch.js';
export { revisionNumber } from './revision-number.js';
