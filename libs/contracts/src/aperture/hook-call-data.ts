import { z } from 'zod';

/**
 * HookCallData, the body of an Aperture hook.
 * Source: Tailscale's protocol reference for Aperture hooks. Unknown keys are accepted, because the protocol specifies that
 * it grows; absent, null and empty are all accepted, because Go encoders differ in what they leave out. Only a wrong
 * type is an error.
 */

const text = z
  .string()
  .nullish()
  .transform((value) => value ?? undefined);

const object = z
  .record(z.string(), z.unknown())
  .nullish()
  .transform((value) => value ?? undefined);

/** `metadata`: always sent by Aperture, though members may be missing. */
export const hookMetadataSchema = z.looseObject({
  login_name: text,
  user_agent: text,
  url: text,
  model: text,
  provider: text,
  tailnet_name: text,
  stable_node_id: text,
  request_id: text,
  session_id: text,
  /** Capabilities of the tailnet policy by name; only with `send: grants`. */
  grants: object,
  /** Only with `send: estimated_cost`. */
  estimated_cost: object,
  /** Only with `send: quotas`. */
  quotas: object,
});

export const hookCallDataSchema = z.looseObject({
  metadata: hookMetadataSchema.nullish().transform((value) => value ?? hookMetadataSchema.parse({})),
  /** Not documented; accepted, never trusted over the route. */
  event: text,
  /**
   * A list of `{name, params}`, without call ids. Any JSON is accepted here: an entry that cannot be read must not
   * discard the others.
   */
  tool_calls: z.unknown().optional(),
  user_message: text,
  /** Provider-native: any JSON. */
  request_body: z.unknown().optional(),
  response_body: z.unknown().optional(),
  raw_responses: z.unknown().optional(),
});

export type HookMetadata = z.infer<typeof hookMetadataSchema>;
export type HookCallData = z.infer<typeof hookCallDataSchema>;
