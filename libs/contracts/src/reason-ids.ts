/**
 * The closed list of reason ids. The same id is in the reply, the log, the metric, the span and the evidence of a
 * refusal, a degradation or an error. Messages may change, ids may not.
 */
export const REASONS = {
  policy_allowed: 'A policy rule allows the call.',
  policy_denied: 'A policy rule denies the call, or no rule allows it.',
  denied_before_execution:
    'The call was denied before it ran, by an agent hook or the MCP gateway, so its result is withheld.',
  no_policy_match: 'The PDP has no policy for this resource kind, version and scope: a configuration error.',
  no_tool_call: 'The hook has a valid body without a tool call.',
  nothing_to_evaluate: 'The hook has nothing to evaluate; its grant lacks a field in `send`.',
  observe_only: 'The event comes after the response, so the verdict cannot be enforced.',
  calls_mismatch: 'The fields of a hook after the response name different tool calls.',
  observe_mode: 'The mode is observe: the verdict is recorded and not enforced.',

  break_glass_started: 'A break-glass switch sets what is enforced to observe for a time.',
  break_glass_ended: 'A break-glass switch ended.',

  hook_unauthenticated: 'The hook key is missing or wrong.',
  hook_key_not_permitted: 'The hook key is not permitted on this path.',
  hook_malformed: 'The hook is not valid JSON, or a field has the wrong type.',
  duplicate_json_key: 'An object has the same key twice, which two parsers may read differently.',
  body_too_large: 'The hook, or its decoded form, is larger than the configured limit.',
  body_too_deep: 'The body nests deeper than the configured limit.',
  body_too_complex: 'The body has more JSON values than the configured limit.',
  decoded_ratio_exceeded: 'The body decompresses to more than the configured multiple of its size.',
  too_many_calls: 'The hook has more tool calls than the configured limit.',
  too_many_new_calls:
    'The hook has more new tool calls than the configured limit. A retry continues with the next calls.',
  too_many_results: 'One tool call id has more results than the configured limit.',
  too_many_declared_tools: 'The request declares more tools than the configured limit.',
  id_too_long: 'A session, request or tool call id is longer than the configured limit.',
  name_too_long: 'A tool or server name is longer than the configured limit.',
  params_too_large: 'The parameters of a tool call exceed the limit for the PDP; they are truncated and marked.',
  worker_failed: 'The worker thread of a large hook failed.',
  gateway_busy: 'The hook bodies in memory, or the hooks that wait for a worker thread, reach the configured limit.',
  unsupported_encoding: 'The body has a content coding that the gateway does not decode.',
  unknown_agent_event: "The event of an agent's hook is unknown, or its tool cannot be read.",
  conflicting_fields: "An agent's hook has two spellings of one field with different values.",
  nobody_to_ask: 'A rule requires confirmation, and this permission mode or client shows no prompt.',
  unknown_format: 'The format of the provider body is unknown.',
  body_unreadable:
    'A part of the provider body cannot be evaluated; the message has its path. Blocks in every failure mode.',
  plan_conditional: 'A query plan allows the resources that satisfy its condition.',
  caller_not_permitted: 'The caller is not permitted to ask about this kind of resource.',
  request_unreadable: 'A request to the PDP cannot be read, so it is not decided.',
  anonymous_principal: 'The hook names no login and no device.',
  call_too_large: 'The parameters or the name of a tool call exceed the limit; only this call is denied.',
  call_too_complex: 'The parameters of a tool call have too many values; only this call is denied.',
  metadata_too_large: 'The metadata of the hook is larger than the limit.',
  denial_not_representable: 'A denied result has a type that cannot hold a denial notice, so the request is blocked.',

  source_unavailable: 'A source did not answer.',
  source_timeout: 'A source did not answer inside the budget.',
  source_rate_limited: 'A source refused because of its rate limit.',
  source_circuit_open: 'A source failed repeatedly; its circuit breaker is open.',
  source_overloaded: 'Too many calls to a source are waiting.',
  source_unauthorized: 'A source refused the credentials: a configuration error.',
  source_bad_response: 'A source answered in a form that cannot be trusted.',
  source_cancelled: 'The hook was cancelled before the source answered.',

  subject_not_found: 'The source has no record of this subject.',
  subject_ambiguous: 'The source has several active records of this subject.',
  subject_invalid: 'The subject cannot be looked up safely in this source.',
  subject_not_a_person: 'The principal is a tagged device, which is never looked up as a person.',
  subject_not_mapped: 'No identity rule maps the login name to a key of this source.',

  push_unauthenticated: 'The signature or secret of a webhook is missing or wrong.',
  push_expired: 'The signature of a webhook is too old, or in the future.',
  push_malformed: 'A webhook is not in the form of its vendor.',
  push_too_large: 'A webhook is larger than the limit.',

  pdp_unavailable: 'The PDP could not be reached.',
  pdp_timeout: 'The PDP did not answer inside the budget.',
  pdp_rejected: 'The PDP refused the check as invalid: a configuration error.',
  attributes_rejected: 'The schemas of the PDP refuse an attribute, so the call is denied: a configuration error.',
  pdp_not_strict: 'The PDP runs without strict evaluation: a DENY rule on an absent attribute does not apply.',
  budget_exhausted: 'The budget of the hook was used up before a decision.',
  evidence_unavailable: 'The decision could not be recorded, and the configuration blocks in this case.',
  internal_error: 'An unexpected error inside the gateway.',

  cache_unavailable: 'Redis could not be reached; sources are called directly.',
} as const;

/** An id of the closed list. */
export type ReasonId = keyof typeof REASONS;

/** All reason ids, in the order of the list. */
export const REASON_IDS = Object.keys(REASONS) as ReasonId[];

/** Checks whether a text is a reason id, for values that come from another process. */
export function isReasonId(text: string): text is ReasonId {
  return Object.hasOwn(REASONS, text);
}
