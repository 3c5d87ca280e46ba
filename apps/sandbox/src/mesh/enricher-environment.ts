import type { Sandbox } from '../sandbox.js';
import type { VendorName } from '../vendors/vendor-name.js';
import { WORKER_BY_EMAIL_REPORT, WORKERS_REPORT } from '../vendors/workday/workday.js';

/** What each enricher is told, so that it reads from its stand-in: the vendor's own credentials and no other's. */
export function enricherEnvironment(sandbox: Sandbox, vendor: VendorName): Record<string, string> {
  const { urls, credentials } = sandbox;
  switch (vendor) {
    case 'okta':
      return { IRIS_OKTA_URL: urls.okta, IRIS_OKTA_TOKEN: credentials.okta.token };
    case 'workday':
      return {
        IRIS_WORKDAY_URL: urls.workday,
        IRIS_WORKDAY_TENANT: credentials.workday.tenant,
        IRIS_WORKDAY_USER: credentials.workday.user,
        IRIS_WORKDAY_PASSWORD: credentials.workday.password,
        IRIS_WORKDAY_REPORT_OWNER: credentials.workday.user,
        IRIS_WORKDAY_REPORT: WORKER_BY_EMAIL_REPORT,
        IRIS_WORKDAY_SNAPSHOT_REPORT: WORKERS_REPORT,
      };
    case 'servicenow':
      return {
        IRIS_SERVICENOW_URL: urls.servicenow,
        IRIS_SERVICENOW_USER: credentials.servicenow.user,
        IRIS_SERVICENOW_PASSWORD: credentials.servicenow.password,
      };
    case 'pagerduty':
      return { IRIS_PAGERDUTY_URL: urls.pagerduty, IRIS_PAGERDUTY_TOKEN: credentials.pagerduty.token };
    case 'tailscale':
      return {
        IRIS_TAILSCALE_URL: `${urls.tailscale}/api/v2`,
        IRIS_TAILSCALE_AUTHORIZATION: 'oauth',
        IRIS_TAILSCALE_CLIENT_ID: credentials.tailscale.clientId,
        IRIS_TAILSCALE_CLIENT_SECRET: credentials.tailscale.clientSecret,
        // Every device of the company reports what manages it, so a device that reports nothing is not managed.
        IRIS_TAILSCALE_UNMANAGED_WHEN_ABSENT: 'true',
      };
  }
}
