import type { AttributeDefinition } from './attribute-definition.js';

/*
 * Attributes that Iris itself sets. Those of a source are in its `vendor.yaml`. An attribute whose value is not known is
 * absent: never null, never a default.
 */

/** Attributes of the principal. */
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
    meaning: 'Age of the entry in s; absent without one.',
  },
  { path: 'context.<source>.reason', type: 'string', meaning: 'Reason id; absent when the source has the subject.' },
];

/** Attributes of the resource: one tool call. */
export const RESOURCE_ATTRIBUTES: readonly AttributeDefinition[] = [
  { path: 'tool.name', type: 'string', meaning: 'Name of the tool, exactly as it was called.' },
  { path: 'tool.server', type: 'string', meaning: 'MCP server, if the name contains one.' },
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
      'State of the attributes of the resource: fresh, stale, not_found, unavailable, or not_asked when its name is not known or the hook names too many. Always present when a source holds resources of this kind.',
  },
  { path: 'cmdb.environment', type: 'string', meaning: 'Environment of the resource in the CMDB.' },
  { path: 'cmdb.owner', type: 'string', meaning: 'Owning group of the resource in the CMDB.' },
  { path: 'cmdb.criticality', type: 'string', meaning: 'Business criticality of the resource in the CMDB.' },
  { path: 'cmdb.openChange', type: 'string', meaning: 'Number of a change in its window now on the resource.' },
  {
    path: 'effects',
    type: 'object[]',
    meaning:
      'What the call does besides its tool, one object each: program, system, category, operation, environment, target, via, opaque and cmdb. Each is also a resource of its own, which has these in the place of those of the tool. Absent when there are none.',
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
    meaning: 'Top-level fields of the provider body that Iris does not list; absent when there are none.',
  },
  { path: 'event', type: 'string', meaning: 'pre_request, tool_call_entire_request, entire_request or pre_tool_use.' },
  { path: 'requestId', type: 'string', meaning: "Aperture's id of the request." },
  { path: 'sessionId', type: 'string', meaning: "Aperture's id of the session." },
  { path: 'estimatedCost', type: 'object', meaning: 'Estimated cost, as Aperture sends it.' },
  { path: 'quotas', type: 'object', meaning: 'Quotas, as Aperture sends them.' },
  { path: 'request.time', type: 'timestamp', meaning: 'When the hook arrived.' },
  { path: 'request.weekday', type: 'number', meaning: 'Weekday in UTC, 0 is Sunday.' },
  { path: 'request.hourUtc', type: 'number', meaning: 'Hour in UTC, 0 to 23.' },
  {
    path: 'request.timeZone',
    type: 'string',
    meaning: 'First zone of the setting businessHours.zones; UTC by default.',
  },
  { path: 'request.localTime', type: 'string', meaning: 'When the hook arrived, in that zone: ISO 8601 with offset.' },
  { path: 'request.localWeekday', type: 'number', meaning: 'Weekday in that zone, 0 is Sunday.' },
  { path: 'request.localHour', type: 'number', meaning: 'Hour in that zone, 0 to 23.' },
  {
    path: 'request.businessHours',
    type: 'boolean',
    meaning: 'Whether it is a working day and working time in that zone; settings businessHours.days and .hours.',
  },
  {
    path: 'request.zones',
    type: 'object',
    meaning:
      'The same four by each zone of businessHours.zones: `R.attr.request.zones["Europe/Berlin"].businessHours`.',
  },
];
