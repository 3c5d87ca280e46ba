import type { EnricherDefinition } from '@iris/enricher-kit';
import { ServiceNowSource } from './servicenow.client.js';
import { servicenowSettings } from './servicenow.settings.js';

/** ServiceNow: groups, projects and changes of a person, and CMDB facts about a resource. */
export const definition: EnricherDefinition<typeof servicenowSettings> = {
  id: 'servicenow',
  settings: servicenowSettings,
  create: (settings) => new ServiceNowSource(settings),
};
