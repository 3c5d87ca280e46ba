export { type ModeOverride, Modes } from './modes.js';
