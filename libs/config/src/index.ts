export * from './load-settings.js';
export type { Setting, SettingsSchema, SettingsValues } from './settings.js';
export * as setting from './settings.js';
