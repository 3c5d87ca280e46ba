// Made by `npm run generate` from apps/enricher-*/vendor.yaml; do not edit.
import type { AttributeDefinition, FlattenedAttribute } from '../attribute-definition.js';

/** A source of facts: a vendor. */
export type SourceId = "okta" | "pagerduty" | "servicenow" | "tailscale" | "workday";

/** All sources. */
export const SOURCE_IDS: readonly SourceId[] = ["okta", "pagerduty", "servicenow", "tailscale", "workday"];

/** The names of the vendors. */
export const SOURCE_TITLES: Readonly<Record<SourceId, string>> = { okta: "Okta", pagerduty: "PagerDuty", servicenow: "ServiceNow", tailscale: "Tailscale", workday: "Workday" };

/** The attributes of each source. Paths are relative to `P.attr.<source>`. */
export const SOURCE_ATTRIBUTES: Readonly<Record<SourceId, readonly AttributeDefinition[]>> = {
  okta: [
    { path: "id", type: "string", meaning: "Okta user id." },
    { path: "status", type: "string", meaning: "Okta status, for example ACTIVE or SUSPENDED." },
    { path: "live", type: "boolean", meaning: "Whether the status is one that may work." },
    { path: "login", type: "string", meaning: "Okta login." },
    { path: "email", type: "string", meaning: "Primary e-mail address." },
    { path: "displayName", type: "string", meaning: "Name to show." },
    { path: "department", type: "string", meaning: "Department in the Okta profile." },
    { path: "costCenter", type: "string", meaning: "Cost center in the Okta profile." },
    { path: "title", type: "string", meaning: "Job title in the Okta profile." },
    { path: "manager", type: "string", meaning: "Manager in the Okta profile." },
    { path: "employeeType", type: "string", meaning: "User type in the Okta profile." },
    { path: "employeeNumber", type: "string", meaning: "Employee number in the Okta profile." },
    { path: "groups", type: "string[]", meaning: "Names of the groups of the user; empty for a user who is not live." },
  ],
  pagerduty: [
    { path: "userId", type: "string", meaning: "PagerDuty user id." },
    { path: "onCall", type: "boolean", meaning: "Whether the person is on call now, at any level." },
    { path: "primary", type: "boolean", meaning: "Whether the person is on call now at level 1 of some policy." },
    { path: "onCallUntil", type: "timestamp", meaning: "End of the present on-call time; absent when it has none." },
    { path: "oncalls", type: "object[]", meaning: "On-call entries now: policy, policyId, schedule, scheduleId, level, start, end, services." },
    { path: "services", type: "string[]", meaning: "Names of the services whose escalation the person is on call for." },
    { path: "incidents", type: "object[]", meaning: "Open incidents assigned to the person: number, service, urgency, status." },
  ],
  servicenow: [
    { path: "sysId", type: "string", meaning: "sys_id of the user." },
    { path: "userName", type: "string", meaning: "user_name of the user." },
    { path: "department", type: "string", meaning: "Department of the user." },
    { path: "title", type: "string", meaning: "Title of the user." },
    { path: "groups", type: "string[]", meaning: "Names of the active groups of the user." },
    { path: "projects", type: "string[]", meaning: "Numbers of the projects the user is assigned to." },
    { path: "activeChanges", type: "object[]", meaning: "Change requests of the user in their window now: number, type, ci, start, end." },
  ],
  tailscale: [
    { path: "device.id", type: "string", meaning: "Stable node id." },
    { path: "device.hostname", type: "string", meaning: "Host name." },
    { path: "device.os", type: "string", meaning: "Operating system as Tailscale names it." },
    { path: "device.managed", type: "boolean", meaning: "Whether the device is under management by the configured rule." },
    { path: "device.tags", type: "string[]", meaning: "Tags of the node." },
    { path: "device.user", type: "string", meaning: "Login name of the owner; absent on a tagged node." },
    { path: "device.posture", type: "object", meaning: "Posture attributes as Tailscale holds them, by key." },
    { path: "capabilities", type: "object", meaning: "App capabilities that the tailnet policy grants, from the hook." },
  ],
  workday: [
    { path: "workerId", type: "string", meaning: "Worker id." },
    { path: "employmentStatus", type: "string", meaning: "active, on_leave or terminated." },
    { path: "employeeType", type: "string", meaning: "employee or contingent." },
    { path: "department", type: "string", meaning: "Supervisory organization." },
    { path: "costCenter", type: "string", meaning: "Cost center." },
    { path: "title", type: "string", meaning: "Business title." },
    { path: "manager", type: "string", meaning: "Manager's work e-mail, else the manager's worker id." },
    { path: "location", type: "string", meaning: "Work location." },
    { path: "country", type: "string", meaning: "Country of the work location." },
    { path: "hireDate", type: "string", meaning: "Date of hire, YYYY-MM-DD." },
    { path: "terminationDate", type: "string", meaning: "Last day of employment, YYYY-MM-DD." },
  ],
};

/** The flattened attributes of the principal, `P.attr.<path>`. */
export const FLATTENED_ATTRIBUTES: readonly FlattenedAttribute<SourceId>[] = [
  { path: "costCenter", type: "string", meaning: "Cost center.", from: ["workday.costCenter", "okta.costCenter"] },
  { path: "department", type: "string", meaning: "Department.", from: ["workday.department", "okta.department", "servicenow.department"] },
  { path: "employeeType", type: "string", meaning: "employee or contingent.", from: ["workday.employeeType", "okta.employeeType"] },
  { path: "employmentStatus", type: "string", meaning: "active, on_leave or terminated.", from: ["workday.employmentStatus"] },
  { path: "groups", type: "string[]", meaning: "Groups of the person.", from: ["okta.groups", "servicenow.groups"] },
  { path: "manager", type: "string", meaning: "Manager.", from: ["workday.manager", "okta.manager"] },
  { path: "onCall", type: "boolean", meaning: "Whether the person is on call now.", from: ["pagerduty.onCall"] },
  { path: "projects", type: "string[]", meaning: "Projects of the person.", from: ["servicenow.projects"] },
  { path: "title", type: "string", meaning: "Job title.", from: ["workday.title", "okta.title", "servicenow.title"] },
];
