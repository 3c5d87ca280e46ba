export { enabledSources } from './configured-sources.js';
export { ContextModule } from './context.module.js';
export { ContextService, type GatheredContext } from './context.service.js';
export type { RoleRules } from './roles.js';
