import type { EnricherDefinition } from '@iris/enricher-kit';
import { TailscaleSource } from './tailscale.client.js';
import { tailscaleSettings } from './tailscale.settings.js';

/** Tailscale: the device that a request comes from, and its posture. */
export const definition: EnricherDefinition<typeof tailscaleSettings> = {
  id: 'tailscale',
  settings: tailscaleSettings,
  create: (settings) => new TailscaleSource(settings),
};
