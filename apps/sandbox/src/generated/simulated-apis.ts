// Made by `npm run generate` from apps/enricher-*/vendor.yaml; do not edit.
import { simulatedApi as okta } from '../../../enricher-okta/simulated-api/index.js';
import { simulatedApi as pagerduty } from '../../../enricher-pagerduty/simulated-api/index.js';
import { simulatedApi as servicenow } from '../../../enricher-servicenow/simulated-api/index.js';
import { simulatedApi as tailscale } from '../../../enricher-tailscale/simulated-api/index.js';
import { simulatedApi as workday } from '../../../enricher-workday/simulated-api/index.js';

/** The simulated API of every vendor, by its id. */
export const SIMULATED_APIS = { okta, pagerduty, servicenow, tailscale, workday };
