import type { JsonObject, ToolCall } from '@iris/contracts';
import { DecisionService, EffectsOfCalls, type PreparedPrincipal } from '@iris/decision';
import { type Pdp, toAttributes } from '@iris/pdp';
import type { Catalog } from '@iris/tool-catalog';

/** Whether a person may, by policies of a version. @throws PdpError when the PDP does not decide */
export type AskVerdict = (person: PreparedPrincipal, policyVersion: string) => Promise<Verdict>;

export interface Verdict {
  readonly allowed: boolean;
  /** Reason id of Iris. */
  readonly reason: string;
}

/** How long one check may take, in ms. */
const TIMEOUT_MS = 10_000;

export interface ToolQuestion {
  /** Name of the tool, as a model calls it. */
  readonly tool: string;
  readonly params: JsonObject;
  /** Resource kind of a tool call. */
  readonly kind: string;
  readonly scope: string;
}

/** Whether people may call a tool, with the attributes that a gateway gives the PDP. */
export function toolQuestion(pdp: Pdp, catalog: Catalog, question: ToolQuestion): AskVerdict {
  const effects = new EffectsOfCalls(catalog);
  const call: ToolCall = {
    id: 'who-can',
    name: question.tool,
    phase: 'requested',
    paramsStatus: Object.keys(question.params).length === 0 ? 'empty' : 'ok',
    params: question.params,
  };
  return async (person, policyVersion) => {
    const policies = { resourceKind: question.kind, policyVersion, scope: question.scope };
    const decisions = new DecisionService(pdp, catalog, effects, policies, { maxParamsBytes: MAX_PARAMS_BYTES });
    const { id } = person.principal;
    const request = {
      event: 'pre_tool_use',
      keyName: 'who-can',
      arrivedAt: Date.now(),
      who: { kind: 'user', id, loginName: id },
      requestId: 'who-can',
      attributes: {},
      sessionAttributes: {},
    } as const;
    const [decided] = await decisions.decide(request, person, [call], new Map(), TIMEOUT_MS, undefined);
    const decision = decided?.decision;
    return { allowed: decision?.effect === 'ALLOW', reason: decision?.reason ?? 'no_policy_match' };
  };
}

/** As `limits.maxParamsBytesPdp` of a gateway by default. */
const MAX_PARAMS_BYTES = 65_536;

export interface ResourceQuestion {
  readonly action: string;
  readonly kind: string;
  readonly id: string;
  readonly attr: JsonObject;
  readonly scope: string;
}

/** Whether people may act on a resource of an application. */
export function resourceQuestion(pdp: Pdp, { action, kind, id, attr, scope }: ResourceQuestion): AskVerdict {
  return async ({ principal }, policyVersion) => {
    const [result] = await pdp.check(
      {
        principal,
        resources: [{ kind, id, action, attr: toAttributes(attr) }],
        policyVersion,
        scope,
        requestId: 'who-can',
      },
      { timeoutMs: TIMEOUT_MS },
    );
    if (result?.effect === 'ALLOW') return { allowed: true, reason: 'policy_allowed' };
    if (result?.policyFound !== true) return { allowed: false, reason: 'no_policy_match' };
    return { allowed: false, reason: result.schemaErrors.length > 0 ? 'attributes_rejected' : 'policy_denied' };
  };
}
