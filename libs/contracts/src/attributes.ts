/**
 * The attributes that policies may use. The check builder, the identity of each enricher and the docs are made from
 * these lists. An attribute whose value is not known is absent: never null, never a default.
 */

/** How an attribute looks in a policy. A timestamp is an RFC 3339 text in UTC. */
export type AttributeType = 'string' | 'number' | 'boolean' | 'timestamp' | 'string[]' | 'object' | 'object[]';

/** One attribute: where it stands below `attr`, its type and its meaning. */
export interface AttributeDefinition {
  readonly path: string;
  readonly type: AttributeType;
  readonly meaning: string;
  /** The fields of each object, for `object[]` whose objects are typed. */
  readonly items?: readonly { readonly path: string; readonly type: AttributeType }[];
}

/** A source of facts. Each has one `apps/enricher-<id>` folder and one entry in the source registry. */
export type SourceId = 'okta' | 'workday' | 'servicenow' | 'pagerduty' | 'tailscale';

/** All sources, in the order in which they are shown. */
export const SOURCE_IDS: readonly SourceId[] = ['okta', 'workday', 'servicenow', 'pagerduty', 'tailscale'];

/** What each source can say. Paths are relative to `P.attr.<source>`. */
export const SOURCE_ATTRIBUTES: Readonly<Record<SourceId, readonly AttributeDefinition[]>> = {
  okta: [
    { path: 'id', type: 'string', meaning: 'Okta user id.' },
    { path: 'status', type: 'string', meaning: 'Okta status, for example ACTIVE or SUSPENDED.' },
    { path: 'live', type: 'boolean', meaning: 'Whether the status is one that may work.' },
    { path: 'login', type: 'string', meaning: 'Okta login.' },
    { path: 'email', type: 'string', meaning: 'Primary e-mail address.' },
    { path: 'displayName', type: 'string', meaning: 'Name to show.' },
    { path: 'department', type: 'string', meaning: 'Department in the Okta profile.' },
    { path: 'costCenter', type: 'string', meaning: 'Cost center in the Okta profile.' },
    { path: 'title', type: 'string', meaning: 'Job title in the Okta profile.' },
    { path: 'manager', type: 'string', meaning: 'Manager in the Okta profile.' },
    { path: 'employeeType', type: 'string', meaning: 'User type in the Okta profile.' },
    { path: 'employeeNumber', type: 'string', meaning: 'Employee number in the Okta profile.' },
    { path: 'groups', type: 'string[]', meaning: 'Names of the groups of the user; empty for a user who is not live.' },
  ],
  workday: [
    { path: 'workerId', type: 'string', meaning: 'Worker id.' },
    { path: 'employmentStatus', type: 'string', meaning: 'active, on_leave or terminated.' },
    { path: 'employeeType', type: 'string', meaning: 'employee or contingent.' },
    { path: 'department', type: 'string', meaning: 'Supervisory organization.' },
    { path: 'costCenter', type: 'string', meaning: 'Cost center.' },
    { path: 'title', type: 'string', meaning: 'Business title.' },
    { path: 'manager', type: 'string', meaning: "Manager's work e-mail, else the manager's worker id." },
    { path: 'location', type: 'string', meaning: 'Work location.' },
    { path: 'country', type: 'string', meaning: 'Country of the work location.' },
    { path: 'hireDate', type: 'string', meaning: 'Date of hire, YYYY-MM-DD.' },
    { path: 'terminationDate', type: 'string', meaning: 'Last day of employment, YYYY-MM-DD.' },
  ],
  servicenow: [
    { path: 'sysId', type: 'string', meaning: 'sys_id of the user.' },
    { path: 'userName', type: 'string', meaning: 'user_name of the user.' },
    { path: 'department', type: 'string', meaning: 'Department of the user.' },
    { path: 'title', type: 'string', meaning: 'Title of the user.' },
    { path: 'groups', type: 'string[]', meaning: 'Names of the active groups of the user.' },
    { path: 'projects', type: 'string[]', meaning: 'Numbers of the projects the user is assigned to.' },
    {
      path: 'activeChanges',
      type: 'object[]',
      meaning: 'Change requests of the user in their window now: number, type, ci, start, end.',
    },
  ],
  pagerduty: [
    { path: 'userId', type: 'string', meaning: 'PagerDuty user id.' },
    { path: 'onCall', type: 'boolean', meaning: 'Whether the person is on call now, at any level.' },
    { path: 'primary', type: 'boolean', meaning: 'Whether the person is on call now at level 1 of some policy.' },
    { path: 'onCallUntil', type: 'timestamp', meaning: 'End of the present on-call time; absent when it has none.' },
    {
      path: 'oncalls',
      type: 'object[]',
      meaning: 'On-call entries now: policy, policyId, schedule, scheduleId, level, start, end, services.',
    },
    {
      path: 'services',
      type: 'string[]',
      meaning: 'Names of the services whose escalation the person is on call for.',
    },
    {
      path: 'incidents',
      type: 'object[]',
      meaning: 'Open incidents assigned to the person: number, service, urgency, status.',
    },
  ],
  tailscale: [
    { path: 'device.id', type: 'string', meaning: 'Stable node id.' },
    { path: 'device.hostname', type: 'string', meaning: 'Host name.' },
    { path: 'device.os', type: 'string', meaning: 'Operating system as Tailscale names it.' },
    {
      path: 'device.managed',
      type: 'boolean',
      meaning: 'Whether the device is under management by the configured rule.',
    },
    { path: 'device.tags', type: 'string[]', meaning: 'Tags of the node.' },
    { path: 'device.user', type: 'string', meaning: 'Login name of the owner; absent on a tagged node.' },
    { path: 'device.posture', type: 'object', meaning: 'Posture attributes as Tailscale holds them, by key.' },
    {
      path: 'capabilities',
      type: 'object',
      meaning: 'App capabilities that the tailnet policy grants, from the hook.',
    },
  ],
};

/** A flattened attribute of the principal, with the sources that may give it: the first that knows it wins. */
export interface FlattenedAttribute extends AttributeDefinition {
  /** `<source>.<path>`, in order of precedence. */
  readonly from: readonly `${SourceId}.${string}`[];
}

/**
 * The flattened attributes of the principal and their precedence. Workday is the system of record for facts about
 * employment; Okta is the fallback.
 */
export const FLATTENED_ATTRIBUTES: readonly FlattenedAttribute[] = [
  {
    path: 'department',
    type: 'string',
    meaning: 'Department.',
    from: ['workday.department', 'okta.department', 'servicenow.department'],
  },
  { path: 'costCenter', type: 'string', meaning: 'Cost center.', from: ['workday.costCenter', 'okta.costCenter'] },
  { path: 'title', type: 'string', meaning: 'Job title.', from: ['workday.title', 'okta.title', 'servicenow.title'] },
  { path: 'manager', type: 'string', meaning: 'Manager.', from: ['workday.manager', 'okta.manager'] },
  {
    path: 'employeeType',
    type: 'string',
    meaning: 'employee or contingent.',
    from: ['workday.employeeType', 'okta.employeeType'],
  },
  {
    path: 'employmentStatus',
    type: 'string',
    meaning: 'active, on_leave or terminated.',
    from: ['workday.employmentStatus'],
  },
  { path: 'groups', type: 'string[]', meaning: 'Groups of the person.', from: ['okta.groups', 'servicenow.groups'] },
  { path: 'projects', type: 'string[]', meaning: 'Projects of the person.', from: ['servicenow.projects'] },
  { path: 'onCall', type: 'boolean', meaning: 'Whether the person is on call now.', from: ['pagerduty.onCall'] },
];

/** Attributes of the principal that Iris itself gives. */
export const PRINCIPAL_ATTRIBUTES: readonly AttributeDefinition[] = [
  { path: 'kind', type: 'string', meaning: 'user, tagged-device or anonymous.' },
  { path: 'nodeId', type: 'string', meaning: 'Stable node id of the device the request came from.' },
  { path: 'tailnet', type: 'string', meaning: 'Name of the tailnet.' },
  {
    path: 'context.<source>.status',
    type: 'string',
    meaning: 'fresh, stale, not_found or unavailable; always present for every configured source.',
  },
  {
    path: 'context.<source>.ageSeconds',
    type: 'number',
    meaning: 'Age of the facts in s; absent when there are none.',
  },
  { path: 'context.<source>.reason', type: 'string', meaning: 'Reason id; absent when the source knows the subject.' },
];

/** Attributes of the resource: one tool call. */
export const RESOURCE_ATTRIBUTES: readonly AttributeDefinition[] = [
  { path: 'tool.name', type: 'string', meaning: 'Name of the tool, exactly as it was called.' },
  { path: 'tool.server', type: 'string', meaning: 'MCP server, where the name tells one.' },
  { path: 'tool.operation', type: 'string', meaning: "The tool's own name on its server; the whole name without one." },
  {
    path: 'tool.anomalies',
    type: 'string[]',
    meaning:
      'Marks of a look-alike name: empty, whitespace, non_ascii, compatibility_form, case_variant. Marks of an ambiguous call: call_missing, several_results, shared_id, name_mismatch, conflicting_fields, ambiguous_parameter. Always present.',
  },
  { path: 'params', type: 'object', meaning: 'Parameters; absent unless paramsStatus is ok or empty.' },
  { path: 'paramsStatus', type: 'string', meaning: 'ok, empty, unparsed or not_object.' },
  {
    path: 'paramsTruncated',
    type: 'boolean',
    meaning:
      'true when a part of the parameters is missing: a text was cut, or a value could not be sent. Else absent.',
  },
  { path: 'phase', type: 'string', meaning: 'declared, executed or requested.' },
  { path: 'category', type: 'string', meaning: 'Category in the tool catalog; uncategorised when no entry matches.' },
  { path: 'system', type: 'string', meaning: 'System in the tool catalog.' },
  { path: 'operation', type: 'string', meaning: 'read, write, delete, export or execute, by the tool catalog.' },
  { path: 'environment', type: 'string', meaning: 'Environment that the tool catalog recognises in the parameters.' },
  { path: 'target.kind', type: 'string', meaning: 'Kind of resource the call acts on, by the tool catalog.' },
  { path: 'target.id', type: 'string', meaning: 'Name of the resource the call acts on, by the tool catalog.' },
  {
    path: 'cmdb.status',
    type: 'string',
    meaning:
      'How usable the facts about the resource are: fresh, stale, not_found, unavailable, or not_asked when its name is not known or the hook names too many. Always present when a source holds resources of this kind.',
  },
  { path: 'cmdb.environment', type: 'string', meaning: 'Environment of the resource in the CMDB.' },
  { path: 'cmdb.owner', type: 'string', meaning: 'Owning group of the resource in the CMDB.' },
  { path: 'cmdb.criticality', type: 'string', meaning: 'Business criticality of the resource in the CMDB.' },
  { path: 'cmdb.openChange', type: 'string', meaning: 'Number of a change in its window now on the resource.' },
  {
    path: 'effects',
    type: 'object[]',
    meaning:
      'What the call does besides what its tool says, one object each: program, system, category, operation, environment, target, via, opaque and cmdb. Each is also a resource of its own, which has these in the place of those of the tool. Absent when there are none.',
    items: [
      { path: 'program', type: 'string' },
      { path: 'system', type: 'string' },
      { path: 'category', type: 'string' },
      { path: 'operation', type: 'string' },
      { path: 'environment', type: 'string' },
      { path: 'target', type: 'string' },
      { path: 'via', type: 'string[]' },
      { path: 'opaque', type: 'string[]' },
      { path: 'cmdb', type: 'object' },
    ],
  },
  {
    path: 'opaque',
    type: 'string[]',
    meaning:
      'Why parts of the call cannot be read: dynamic, code, script, runs_program or unparsable. Absent when all is read.',
  },
  {
    path: 'effect.program',
    type: 'string',
    meaning: 'Program that has the effect. Only on the resource of an effect, which has no params.',
  },
  { path: 'effect.via', type: 'string[]', meaning: 'Programs that run it, the outermost first.' },
  { path: 'effect.opaque', type: 'string[]', meaning: 'Why parts of the effect cannot be read.' },
  { path: 'model', type: 'string', meaning: 'Model, as Aperture names it.' },
  { path: 'provider', type: 'string', meaning: 'Provider key in the Aperture configuration.' },
  { path: 'client.name', type: 'string', meaning: 'Name in the user agent (the client chooses it).' },
  { path: 'client.version', type: 'string', meaning: 'Version in the user agent (the client chooses it).' },
  {
    path: 'permissionMode',
    type: 'string',
    meaning: "Permission mode that an agent's own hook states; absent for Aperture's events.",
  },
  { path: 'userAgent', type: 'string', meaning: 'User agent (the client chooses it).' },
  { path: 'url', type: 'string', meaning: 'URL or path of the request to Aperture.' },
  {
    path: 'unknownFields',
    type: 'string[]',
    meaning: 'Top-level fields of the provider body that Iris does not know; absent when there are none.',
  },
  { path: 'event', type: 'string', meaning: 'pre_request, tool_call_entire_request, entire_request or pre_tool_use.' },
  { path: 'requestId', type: 'string', meaning: "Aperture's id of the request." },
  { path: 'sessionId', type: 'string', meaning: "Aperture's id of the session." },
  { path: 'estimatedCost', type: 'object', meaning: 'Estimated cost, as Aperture sends it.' },
  { path: 'quotas', type: 'object', meaning: 'Quotas, as Aperture sends them.' },
  { path: 'request.time', type: 'timestamp', meaning: 'When the hook arrived.' },
  { path: 'request.weekday', type: 'number', meaning: 'Weekday in UTC, 0 is Sunday.' },
  { path: 'request.hourUtc', type: 'number', meaning: 'Hour in UTC, 0 to 23.' },
];
