export { EffectsOfCalls } from './effects-of-calls.js';
