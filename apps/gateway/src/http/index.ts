export { replyText } from './aperture-reply.js';
export { HookHttpModule } from './hook-http.module.js';
export { HookKeys } from './hook-keys.js';
export { prepareHookTransport } from './hook-transport.js';
export { ProblemFilter } from './problem.filter.js';
export { refusalText } from './refusal.js';
