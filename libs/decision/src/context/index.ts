export { ContextModule } from './context.module.js';
export { ContextService, type GatheredContext } from './context.service.js';
