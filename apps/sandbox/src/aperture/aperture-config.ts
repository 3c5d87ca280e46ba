import { goDurationMs } from '@iris/contracts';
import { z } from 'zod';

/**
 * Aperture's configuration object, as far as hooks need it. Source: Tailscale's Aperture configuration reference and the
 * protocol reference of its hooks. The current form wires hooks by `grants`, the older one by `temp_grants`.
 */

export const APERTURE_CAPABILITY = 'tailscale.com/cap/aperture';

const event = z.enum(['pre_request', 'tool_call_entire_request', 'entire_request']);
export type ApertureEvent = z.infer<typeof event>;

const sendField = z.enum([
  'tools',
  'request_body',
  'response_body',
  'raw_responses',
  'user_message',
  'estimated_cost',
  'grants',
  'quotas',
]);
export type SendField = z.infer<typeof sendField>;

const duration = z.string().refine((text) => goDurationMs(text) !== undefined, 'not a Go duration');

const AUTHORIZATION_MODES = ['bearer', 'x-api-key', 'x-goog-api-key', 'hec', 'cf-aig-authorization'] as const;

const hook = z.strictObject({
  url: z.url({ protocol: /^https?$/ }),
  apikey: z.string().default(''),
  authorization: z.enum(AUTHORIZATION_MODES).default('bearer'),
  timeout: duration.default('5s'),
  disabled: z.boolean().default(false),
  fail_policy: z.enum(['fail_open', 'fail_closed']).default('fail_open'),
  preference: z.int().default(0),
});
export type ApertureHook = z.infer<typeof hook>;

const provider = z.looseObject({
  /** Upstream; by default the simulated LLM. */
  baseurl: z.url().optional(),
  models: z.array(z.string()).default(['**']),
  apikey: z.string().default(''),
  authorization: z.enum(['bearer', 'x-api-key', 'x-goog-api-key']).default('bearer'),
});
export type ApertureProvider = z.infer<typeof provider>;

const sendHook = z.strictObject({
  name: z.string(),
  events: z.array(event).min(1),
  send: z.array(sendField).default([]),
});

const apertureCapability = z.looseObject({ models: z.string().optional(), send_hooks: z.array(sendHook).optional() });

/** `dst` belongs to grants of the tailnet policy file; Aperture's own configuration does not take it. */
const grant = z.strictObject({
  src: z.array(z.string()),
  app: z
    .object({ [APERTURE_CAPABILITY]: z.array(apertureCapability).optional() })
    .catchall(z.array(z.record(z.string(), z.unknown()))),
});

const oldHookGrant = z.strictObject({
  match: z.strictObject({
    providers: z.array(z.string()).optional(),
    models: z.array(z.string()).optional(),
    events: z.array(event).min(1),
  }),
  hook: z.string(),
  fields: z.array(sendField).default([]),
});

const oldGrant = z.strictObject({
  src: z.array(z.string()),
  grants: z.array(z.looseObject({ hook: oldHookGrant.optional() })),
});

export const apertureConfigSchema = z
  .looseObject({
    providers: z.record(z.string(), provider),
    hooks: z.record(z.string(), hook).default({}),
    grants: z.array(grant).optional(),
    temp_grants: z.array(oldGrant).optional(),
  })
  .superRefine((config, context) => {
    const wired = [
      ...(config.grants ?? []).flatMap(({ app }) =>
        (app[APERTURE_CAPABILITY] ?? []).flatMap(({ send_hooks }) => (send_hooks ?? []).map(({ name }) => name)),
      ),
      ...(config.temp_grants ?? []).flatMap(({ grants }) => grants.flatMap((entry) => entry.hook?.hook ?? [])),
    ];
    for (const name of wired) {
      if (!(name in config.hooks))
        context.addIssue({ code: 'custom', message: `a grant names the hook "${name}", which is not defined` });
    }
  });

/** The configuration as an operator writes it. */
export type ApertureConfigInput = z.input<typeof apertureConfigSchema>;
export type ApertureConfig = z.output<typeof apertureConfigSchema>;
