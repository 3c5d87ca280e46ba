export { Budget } from './budget.js';
export type { DecidedCall, PolicySelection, PreparedPrincipal, ResourceFactsByPart } from './decided-call.js';
export type { HookOutcome, Mode } from './hook-outcome.js';
