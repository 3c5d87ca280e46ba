export { loadSourceRegistry, readYamlFile } from './files.js';
export { irisVersion } from './iris-version.js';
export * from './load-settings.js';
export { isNetwork, NetworkList } from './network-list.js';
export { outboundAgent } from './outbound-agent.js';
export * from './redis-url.js';
export type { NamedKey, SettingsSchema, SettingsValues } from './settings.js';
export * as setting from './settings.js';
export { watchFile } from './watched-file.js';
