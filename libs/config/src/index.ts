export { loadSourceRegistry, readYamlFile } from './files.js';
export * from './load-settings.js';
export * from './redis-url.js';
export type { NamedKey, Setting, SettingsSchema, SettingsValues } from './settings.js';
export * as setting from './settings.js';
export { type WatchedFile, watchFile } from './watched-file.js';
