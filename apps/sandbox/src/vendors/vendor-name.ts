export const VENDOR_NAMES = ['okta', 'workday', 'servicenow', 'pagerduty', 'tailscale'] as const;

/** A vendor that the sandbox stands in for. */
export type VendorName = (typeof VENDOR_NAMES)[number];
