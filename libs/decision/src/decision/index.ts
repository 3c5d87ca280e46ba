export { DecisionModule } from './decision.module.js';
export { countDecision, DecisionService } from './decision.service.js';
export { firstCalls } from './new-calls.js';
export { OneDecisionPerRequest } from './one-decision-per-request.js';
export { DEFAULT_BUSINESS_HOURS, minutesOf, requestTime } from './request-time.js';
export { callAttributes } from './resource-attributes.js';
export { type PlannableTool, ToolPlans } from './tool-plans.js';
export { verdictKeys, verdictScope } from './verdict-keys.js';
export { toRememberedDecision, VerdictMemory } from './verdict-memory.js';
