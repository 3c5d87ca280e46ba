export { enabledSources } from './configured-sources.js';
export { ContextService } from './context.service.js';
export { EnricherClient } from './enricher-client.js';
