import type { EnricherDefinition } from '@iris/enricher-kit';
import { WorkdaySource } from './workday.client.js';
import { workdaySettings } from './workday.settings.js';

/** Workday: employment, department, cost center and manager. */
export const definition: EnricherDefinition<typeof workdaySettings> = {
  id: 'workday',
  settings: workdaySettings,
  create: (settings) => new WorkdaySource(settings),
};
