export { DEFAULT_HOOK_LIMITS, type HookLimits } from './hook-limits.js';
export { identify } from './identity.js';
export { readHook } from './read-hook.js';
