import type { SendField } from './aperture-config.js';
import type { ToolUse } from './exchange-reading.js';

/** Members of `metadata` that are always sent. */
interface HookIdentityMetadata {
  login_name: string;
  user_agent: string;
  url: string;
  model: string;
  provider: string;
  tailnet_name: string;
  stable_node_id: string;
  request_id: string;
  session_id: string;
}

/** `metadata.estimated_cost`, US dollars. */
export interface CostEstimate {
  dollars: number;
  cost_basis: string;
  usage: { input_tokens?: number; output_tokens?: number };
}

/** `metadata.quotas` by bucket; nanodollars. */
export type QuotaStates = Record<string, { current: number; capacity: number; rate: string }>;

/** All that a hook could be sent about a request. */
export interface HookFacts {
  metadata: HookIdentityMetadata;
  grants: Record<string, unknown[]>;
  estimatedCost: CostEstimate;
  quotas: QuotaStates;
  userMessage: string;
  /** JSON text exactly as the client, or the hook before, wrote it. */
  requestBodyText: string;
  /** Only once the response has passed through. */
  response?: { toolCalls: ToolUse[]; body: unknown; rawResponses: unknown[] };
}

/**
 * HookCallData as JSON text: `metadata` and what `send` asks for. Fields of the response are left out before there is
 * one, whatever `send` contains. Source: Tailscale's protocol reference for Aperture hooks.
 */
export function hookPayload(facts: HookFacts, send: ReadonlySet<SendField>): string {
  const { response } = facts;
  const metadata = {
    ...facts.metadata,
    ...(send.has('grants') ? { grants: facts.grants } : {}),
    ...(send.has('estimated_cost') ? { estimated_cost: facts.estimatedCost } : {}),
    ...(send.has('quotas') ? { quotas: facts.quotas } : {}),
  };
  const members = [`"metadata":${JSON.stringify(metadata)}`];
  const add = (name: string, value: unknown) => members.push(`"${name}":${JSON.stringify(value)}`);
  if (send.has('tools') && response) add('tool_calls', response.toolCalls);
  // The body goes in as text: parsing and printing it would change numbers, escapes and duplicate keys.
  if (send.has('request_body')) members.push(`"request_body":${facts.requestBodyText}`);
  if (send.has('response_body') && response) add('response_body', response.body);
  if (send.has('raw_responses') && response) add('raw_responses', response.rawResponses);
  if (send.has('user_message')) add('user_message', facts.userMessage);
  return `{${members.join(',')}}`;
}
