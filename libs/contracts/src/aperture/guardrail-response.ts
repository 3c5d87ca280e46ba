import { z } from 'zod';

/**
 * GuardrailResponse, the reply to a hook. Exactly these four keys: Aperture's schema forbids others, and a `modify`
 * whose `request_body` is no object is taken as an allow.
 * Source: Tailscale's protocol reference for Aperture hooks.
 */
export const guardrailResponseSchema = z.discriminatedUnion('action', [
  z.strictObject({ action: z.literal('allow') }),
  z.strictObject({
    action: z.literal('block'),
    status_code: z.int().min(400).max(599),
    message: z.string().min(1),
  }),
  z.strictObject({ action: z.literal('modify'), request_body: z.record(z.string(), z.unknown()) }),
]);

export type GuardrailResponse = z.infer<typeof guardrailResponseSchema>;
