export { type Authentication, type Caller, mayAsk } from './caller.js';
export { type OpenCallers, openCallers } from './open-callers.js';
