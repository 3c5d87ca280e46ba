export { type AdminKeys, adminKeys } from './admin-keys.js';
export { BreakGlass } from './break-glass.js';
export { endSwitch, readSwitch, turnOn } from './switch-store.js';
