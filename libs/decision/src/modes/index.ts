export { Modes } from './modes.js';
