import type { EnricherDefinition } from '@iris/enricher-kit';
import { PagerDutySource } from './pagerduty.client.js';
import { pagerdutySettings } from './pagerduty.settings.js';

/** PagerDuty: who is on call now, for what, and until when. */
export const definition: EnricherDefinition<typeof pagerdutySettings> = {
  id: 'pagerduty',
  settings: pagerdutySettings,
  create: (settings) => new PagerDutySource(settings),
};
