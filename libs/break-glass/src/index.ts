export { type AdminKeys, adminKeys } from './admin-keys.js';
export { type ActiveSwitch, BreakGlass } from './break-glass.js';
export { endSwitch, readSwitch, turnOn } from './switch-store.js';
