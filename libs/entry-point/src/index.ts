export { type DecisionSettings, decisionSettings } from './decision.settings.js';
export { type EntryPointOptions, entryPointModules } from './entry-point.modules.js';
export { type FailureModes, HealthReport, PdpWatch } from './health/index.js';
