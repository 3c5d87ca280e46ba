export { EffectsModule } from './effects.module.js';
export { EffectsOfCalls } from './effects-of-calls.js';
