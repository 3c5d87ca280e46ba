export { decisionSettings } from './decision.settings.js';
export { entryPointModules } from './entry-point.modules.js';
export { HealthReport, PdpWatch } from './health/index.js';
