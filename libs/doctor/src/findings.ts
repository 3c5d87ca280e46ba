/**
 * The closed list of what `iris doctor` can find, with what to do about it. Ids are stable; texts may change.
 */
export const FINDINGS = {
  redis_unreachable: 'Start Redis, or correct the URL in --redis and in redis.url of the gateway and the enrichers.',
  redis_evicts: 'Set maxmemory-policy to noeviction: an evicted key may be a queue of evidence or of refreshes.',

  redis_out_of_memory:
    'Raise maxmemory, or remove what else is in this Redis: it refuses writes, so no fact, verdict or evidence is kept.',
  redis_nearly_full:
    'Raise maxmemory: with noeviction a full Redis refuses writes. docs/capacity.md gives the memory per person.',
  redis_refuses_writes: 'Point redis.url to the primary, and grant the user the commands that docs/redis.md lists.',
  pdp_unreachable: 'Start the PDP, or correct --pdp and pdp.target of the gateway.',
  pdp_too_old: 'Run Cerbos 0.55 or newer: older versions do not know engine.strictEvaluation.',
  pdp_not_strict: 'Set engine.strictEvaluation to true in the configuration of the PDP (see policies/pdp.yaml).',
  pdp_golden_failed:
    'Let the PDP load the shipped policies (policies/pack), or adapt policies/golden.yaml to the policies that replace them.',
  pdp_policy_load_failed:
    'Read the log of the PDP: it names file and line, and the last valid policies stay in force. `iris policies test` reports the same. Restart the PDP after the correction, which resets its counters.',
  pdp_policies_outdated: 'Deliver the policies to the PDP, with the revision written by `iris policies test --stamp`.',
  pdp_policy_missing:
    'Load a resource policy of this kind, version and scope, or correct pdp.resourceKind, pdp.policyVersion and pdp.scope.',

  enricher_unreachable: 'Start the enricher, or correct its address in the source registry or in sources.addresses.',
  enricher_not_serving: 'Read the log of the enricher: it runs and reports that it does not serve.',
  source_unauthorized:
    'Give the enricher valid credentials with the scopes that its README lists; the vendor refuses the present ones.',
  source_failing: 'Read the log of the enricher: its vendor gives no usable answer for this reason.',
  source_rows_left_out:
    "Read the enricher's log, which names the lists: grant the integration user the fields that the README lists, or correct the records.",
  login_unknown:
    'Check the login name and the identity rules of the enricher: the source has no record of this subject.',

  gateway_unreachable: 'Start the gateway, or correct --gateway.',
  gateway_unready: 'Fix what the gateway names; until then it has no decisions and answers by its failure mode.',
  gateway_without_redis: 'Correct redis.url of the gateway: without Redis every hook waits for the vendors.',
  hook_key_wrong:
    'Use the same key in hook.keys or hook.keysFile of the gateway and in apikey of the hook in Aperture.',
  hook_key_not_permitted:
    "Use a key of its own for Aperture: one that agents.logins does not map to a person, or with the route aperture in hook.keysFile. A person's key is valid on the paths of agents alone, and blocks every hook of Aperture.",

  aperture_unreadable: 'Paste the whole configuration as JSON; comments and trailing commas are accepted.',
  aperture_hook_missing:
    'Add a hook whose url is http(s)://<gateway>/ext/aperture to `hooks` of the Aperture configuration.',
  aperture_hook_undefined: 'Define this hook in `hooks`, or correct the name in the grant.',
  aperture_hook_disabled: 'Set `disabled` of the hook to false.',
  aperture_not_wired: 'Name the hook in `send_hooks` of a grant that matches the users and models.',
  aperture_apikey_missing:
    'Set `apikey` of the hook to a key of hook.keys: the gateway answers 401 without one, which Aperture may take as an allow.',
  aperture_authorization_unknown: 'Use one of bearer, x-api-key, x-goog-api-key, hec, cf-aig-authorization.',
  aperture_fail_open: 'Set `fail_policy` to fail_closed: by default Aperture allows when the gateway does not answer.',
  aperture_timeout_short:
    'Set `timeout` of the hook above hook.budgetMs of the gateway: Aperture stops waiting before the verdict comes.',
  aperture_event_late:
    'Add pre_request to `events`: the other events come after the response and cannot stop anything.',
  aperture_observes_only:
    'Nothing to do while you only observe. To enforce, add a hook for pre_request (deploy/tailscale/aperture/enforce.hujson).',
  aperture_event_unknown: 'Use pre_request, tool_call_entire_request or entire_request.',
  aperture_event_on_wrong_path: 'Let the path of the url end with the event, or use /ext/aperture for all events.',
  aperture_request_body_missing: 'Add request_body to `send`: without it a pre_request carries no tool call.',
  aperture_send_useless:
    'Use the fields of Aperture: tools, request_body, response_body, raw_responses, user_message, estimated_cost, grants, quotas.',
  aperture_dst_missing: 'Add `dst` to the grant: without it a grant of the tailnet policy applies to nothing.',
  aperture_dst_forbidden: "Remove `dst` from the grant: Aperture's own configuration does not take it.",
  aperture_old_syntax: 'Move `temp_grants` to `grants` with `send_hooks`; the old form is deprecated.',

  tailnet_service_misspelt: 'Correct the name: grants and autoApprovers must name the service of the url in the hook.',
  tailnet_service_unapproved:
    'Add the service with the tag of its proxies to autoApprovers.services, or approve each new proxy in the admin console.',
  tailnet_service_tag_unknown: 'Declare the tag in tagOwners: Tailscale refuses a policy that names an unknown tag.',
  tailnet_roles_dst_missing:
    'Add `dst` with the tag of Aperture to the grant: without it nobody receives the roles of this capability.',

  agent_hook_missing:
    'Install the settings of the agent from deploy/agents, with a hook of every event before a call and for every tool.',
  agent_settings_unreadable:
    'Correct the file, or name another one with --agent-settings: the agent reads no hook of it.',
  agent_fail_open:
    'Let the hook run iris-hook.mjs as deploy/agents shows: it prints a denial whenever Iris does not decide.',
  agent_hook_late:
    'Set the timeout of the hook in the settings above --timeout-ms of iris-hook.mjs: the agent must get the denial in time.',
  agent_hook_unproven: 'Name the address of Iris in the command (--url) or take it from IRIS_HOOK_URL.',
  agent_hook_avoidable:
    'Install the managed form of the settings where there is one, with file permissions that the user cannot change.',

  clock_skew:
    'Synchronise the clocks by NTP: facts are judged fresh or stale, and shifts as over or not, by these clocks.',
} as const;

export type FindingId = keyof typeof FINDINGS;

/** Something that is wrong: which, with what, and what was seen. */
export interface Finding {
  readonly id: FindingId;
  readonly subject: string;
  readonly detail: string;
}

/** Result of one check. */
export interface CheckOutcome {
  readonly check: string;
  /** What the check found in order. */
  readonly notes: readonly string[];
  /** What has to be fixed: each makes the exit code 1. */
  readonly findings: readonly Finding[];
  /** What may be intended: listed, without effect on the exit code. */
  readonly warnings?: readonly Finding[];
  /** Why nothing was checked; absent for a check that ran. */
  readonly skipped?: string;
}

/** @param reason the option that is missing, or the switch that is off */
export function skipped(check: string, reason: string): CheckOutcome {
  return { check, notes: [], findings: [], skipped: reason };
}
