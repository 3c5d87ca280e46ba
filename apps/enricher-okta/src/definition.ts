import type { EnricherDefinition } from '@iris/enricher-kit';
import { OktaSource } from './okta.client.js';
import { oktaSettings } from './okta.settings.js';

/** Okta: identity, groups and status. */
export const definition: EnricherDefinition<typeof oktaSettings> = {
  id: 'okta',
  settings: oktaSettings,
  create: (settings, tools) => new OktaSource(settings, tools),
};
