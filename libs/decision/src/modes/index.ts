export { type ModeOverride, Modes } from './modes.js';
export { ModesModule } from './modes.module.js';
