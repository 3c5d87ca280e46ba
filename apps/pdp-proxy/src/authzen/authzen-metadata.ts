import type { JsonObject } from '@iris/contracts';

/** The discovery document; undefined when no public URL is set. */
export const AUTHZEN_METADATA = Symbol('AuthZEN metadata');

/** Source: AuthZEN Authorization API 1.0, "PDP Metadata". */
export function authzenMetadata(publicUrl: string | undefined): JsonObject | undefined {
  if (publicUrl === undefined) return undefined;
  const base = publicUrl.replace(/\/+$/, '');
  return {
    policy_decision_point: base,
    access_evaluation_endpoint: `${base}/access/v1/evaluation`,
    access_evaluations_endpoint: `${base}/access/v1/evaluations`,
    search_subject_endpoint: `${base}/access/v1/search/subject`,
    search_resource_endpoint: `${base}/access/v1/search/resource`,
    search_action_endpoint: `${base}/access/v1/search/action`,
  };
}
