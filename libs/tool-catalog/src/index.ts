export * from './catalog.js';
export type { NameAnomaly } from './tool-name.js';
