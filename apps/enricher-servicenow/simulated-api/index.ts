import type { SimulatedApi } from '@iris/simulation';
import { type ServiceNowCredentials, serviceNowBehaviour } from './servicenow-api.js';

/** The simulated ServiceNow instance. */
export const simulatedApi: SimulatedApi<ServiceNowCredentials> = {
  credentials: () => ({
    user: 'iris.integration',
    password: 'sandbox-servicenow-password',
    clientId: 'sandbox-servicenow-client',
    clientSecret: 'sandbox-servicenow-secret',
  }),
  typicalLatencyMs: 150,
  behaviour: serviceNowBehaviour,
  enricherEnvironment: (url, { user, password }) => ({
    IRIS_SERVICENOW_URL: url,
    IRIS_SERVICENOW_USER: user,
    IRIS_SERVICENOW_PASSWORD: password,
  }),
};
