import type { SimulatedApi } from '@iris/simulation';
import { type PagerDutyCredentials, pagerDutyBehaviour } from './pagerduty-api.js';

/** The simulated PagerDuty account. */
export const simulatedApi: SimulatedApi<PagerDutyCredentials> = {
  credentials: () => ({
    token: 'sandbox-pagerduty-key',
    clientId: 'sandbox-pagerduty-client',
    clientSecret: 'sandbox-pagerduty-secret',
  }),
  typicalLatencyMs: 140,
  behaviour: pagerDutyBehaviour,
  enricherEnvironment: (url, { token }) => ({ IRIS_PAGERDUTY_URL: url, IRIS_PAGERDUTY_TOKEN: token }),
};
