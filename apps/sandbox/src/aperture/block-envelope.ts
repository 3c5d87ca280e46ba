import type { LlmRoute } from '../llm/llm-route.js';

/** An error reply to the client in the form that its provider's SDK knows. */
export interface ErrorEnvelope {
  headers: Record<string, string>;
  body: Record<string, unknown>;
}

/** Source: Tailscale's protocol reference for Aperture hooks, block error envelopes. */
export function blockEnvelope(
  route: Pick<LlmRoute, 'format' | 'host'>,
  status: number,
  message: string,
): ErrorEnvelope {
  if (route.host === 'bedrock') return { headers: { 'x-amzn-ErrorType': 'AccessDeniedException' }, body: { message } };
  switch (route.format) {
    case 'anthropic':
      return { headers: {}, body: { type: 'error', error: { type: 'invalid_request_error', message } } };
    case 'gemini':
      return { headers: {}, body: { error: { code: status, message, status: 'PERMISSION_DENIED' } } };
    default:
      return { headers: {}, body: { error: { message, type: 'guardrail_blocked' } } };
  }
}
