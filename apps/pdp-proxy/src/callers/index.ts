export { type Authentication, type Caller, type Credentials, mayAsk } from './caller.js';
export { type OpenCallers, openCallers } from './open-callers.js';
