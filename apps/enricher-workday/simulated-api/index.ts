import type { SimulatedApi } from '@iris/simulation';
import { WORKER_BY_EMAIL_REPORT, WORKERS_REPORT, type WorkdayCredentials, workdayBehaviour } from './workday-api.js';

/** The simulated Workday tenant. */
export const simulatedApi: SimulatedApi<WorkdayCredentials> = {
  credentials: () => ({
    tenant: 'lumen',
    user: 'ISU_Iris',
    password: 'sandbox-workday-password',
    clientId: 'sandbox-workday-client',
    clientSecret: 'sandbox-workday-secret',
    refreshToken: 'sandbox-workday-refresh-token',
  }),
  typicalLatencyMs: 180,
  behaviour: workdayBehaviour,
  enricherEnvironment: (url, { tenant, user, password }) => ({
    IRIS_WORKDAY_URL: url,
    IRIS_WORKDAY_TENANT: tenant,
    IRIS_WORKDAY_USER: user,
    IRIS_WORKDAY_PASSWORD: password,
    IRIS_WORKDAY_REPORT_OWNER: user,
    IRIS_WORKDAY_REPORT: WORKER_BY_EMAIL_REPORT,
    IRIS_WORKDAY_SNAPSHOT_REPORT: WORKERS_REPORT,
  }),
};
