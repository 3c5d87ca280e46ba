import { type SettingsValues, setting } from '@iris/config';
import { HOOK_EVENTS } from '@iris/contracts';
import { DEFAULT_BUSINESS_HOURS, minutesOf } from '@iris/decision';
import { DEFAULT_PARAMS_LIMITS } from '@iris/decision/calls';
import { LOG_LEVELS } from '@iris/telemetry';
import { IANAZone } from 'luxon';
import { z } from 'zod';

const HOST_PORT = /^([^\s:]+|\[[0-9a-f:.]+\]):\d+$/i;

/** The settings that every entry point has: of the context, the PDP, modes and evidence. */
export const decisionSettings = {
  'log.level': setting.choice('Minimum log level.', LOG_LEVELS, { fallback: 'info' }),

  'limits.maxNewCalls': setting.integer(
    'Maximum number of new tool calls of a hook. A hook with more is blocked; a retry continues with the next calls.',
    { min: 1, max: 1_000_000 },
    { fallback: 250 },
  ),
  'limits.maxParamsBytesPdp': setting.integer(
    'Maximum parameters of one call that the PDP receives, in bytes of JSON; larger ones are truncated and marked.',
    { min: 1024, max: 3_145_728 },
    { fallback: DEFAULT_PARAMS_LIMITS.maxParamsBytesPdp },
  ),
  'mode.default': setting.choice(
    'Whether verdicts are enforced, or only recorded while every hook is allowed.',
    ['enforce', 'observe'],
    { fallback: 'enforce' },
  ),
  'mode.byEvent': setting.structure(
    'Modes by event, before the default: pre_request, pre_tool_use, mcp_tools_call, tool_call_entire_request, entire_request.',
    z.partialRecord(z.enum(HOOK_EVENTS), z.enum(['enforce', 'observe'])),
    'JSON such as {"pre_tool_use":"observe"}',
    { fallback: {} },
  ),
  'mode.byCategory': setting.structure(
    'Modes by category of the tool catalog, before those by event: one category can be enforced while others are observed.',
    z.record(z.string().min(1), z.enum(['enforce', 'observe'])),
    'JSON such as {"database":"enforce"}',
    { fallback: {} },
  ),
  'shadow.policyVersion': setting.optionalText(
    'Version of candidate policies that check every decided call after the reply; differences are recorded.',
  ),
  'verdicts.lifeSeconds': setting.integer(
    'TTL of a cached verdict from the decision, in s; not extended by use.',
    { min: 60, max: 2_592_000 },
    { fallback: 86_400 },
  ),
  'verdicts.memoryEntries': setting.integer(
    'Maximum number of verdicts cached in memory; each takes about 1 KB.',
    { min: 1, max: 10_000_000 },
    { fallback: 10_000 },
  ),
  'verdicts.onPolicyChange': setting.choice(
    'Whether cached verdicts are kept after a policy change, or are made again, which rewrites history.',
    ['keep', 'recheck'],
    { fallback: 'keep' },
  ),
  'plans.memoryEntries': setting.integer(
    'Maximum number of plans for declared tools cached in memory.',
    { min: 1, max: 10_000_000 },
    { fallback: 50_000 },
  ),
  'plans.lifeSeconds': setting.integer(
    'TTL of a plan for a declared tool, in s; a policy change takes effect within this time.',
    { min: 1, max: 86_400 },
    { fallback: 60 },
  ),

  'context.budgetPercent': setting.integer(
    'Share of the budget for the context, in percent; the rest is for the PDP.',
    { min: 10, max: 90 },
    { fallback: 60 },
  ),
  'context.memoryEntries': setting.integer(
    'Maximum number of principals cached in memory, also for the time that Redis is unavailable; each takes about 6 KB.',
    { min: 0, max: 1_000_000 },
    { fallback: 2500 },
  ),
  'redis.url': setting.optionalRedisUrl('URL of the Redis with the context cache.'),
  'redis.passwordFile': setting.optionalText(
    'File with the password of Redis, instead of one in redis.url; reloaded on change.',
  ),

  'sources.file': setting.text('The source registry.', { fallback: 'deploy/helm/iris/files/sources.yaml' }),
  'sources.addresses': setting.structure(
    'Addresses of enrichers, where they differ from the registry.',
    z.record(z.string(), z.string().regex(HOST_PORT)),
    'JSON such as {"okta":"127.0.0.1:50051"}',
    { fallback: {} },
  ),

  'sources.tlsCaFile': setting.optionalText(
    'Authorities of the enrichers, PEM; with it they are reached over TLS. Read again when it changes.',
  ),
  'sources.tlsCertFile': setting.optionalText('Certificate that Iris shows to the enrichers, PEM.'),
  'sources.tlsKeyFile': setting.optionalText('Private key of that certificate, PEM.'),

  'pdp.target': setting.text("host:port or unix:/path of the PDP's gRPC listener.", { fallback: '127.0.0.1:3593' }),
  'pdp.tls': setting.boolean('Whether the PDP is reached over TLS.', { fallback: false }),
  'pdp.tlsCaFile': setting.optionalText(
    'Authorities of the PDP, PEM, in place of the public ones; needs pdp.tls. Read again when it changes.',
  ),
  'pdp.tlsCertFile': setting.optionalText('Certificate that Iris shows to the PDP, PEM.'),
  'pdp.tlsKeyFile': setting.optionalText('Private key of that certificate, PEM.'),
  'pdp.resourceKind': setting.text('Resource kind of a tool call.', { fallback: 'aperture_hook' }),
  'pdp.policyVersion': setting.text('Version of the policies that decide.', { fallback: 'default' }),
  'pdp.scope': setting.optionalText('Scope of the policies that decide.'),
  'pdp.goldenFile': setting.text('File of golden decisions that the PDP must pass before Iris is ready.', {
    fallback: 'policies/golden.yaml',
  }),
  'pdp.requireStrict': setting.boolean(
    'Whether Iris is ready only with a PDP that evaluates strictly; without it a DENY rule on an absent attribute does not apply.',
    { fallback: true },
  ),

  'businessHours.zones': setting.structure(
    'Time zones of the attributes request.zones; the first one is that of request.localTime and request.businessHours.',
    z
      .array(z.string().refine((zone) => IANAZone.isValidZone(zone)))
      .min(1)
      .max(20),
    'a list of up to 20 IANA time zones, for example ["Europe/Berlin","America/New_York"]',
    { fallback: DEFAULT_BUSINESS_HOURS.zones },
  ),
  'businessHours.days': setting.structure(
    'Weekdays that are working days.',
    z.array(z.int().min(0).max(6)),
    'a list of weekdays, 0 is Sunday, for example [1,2,3,4,5]',
    { fallback: DEFAULT_BUSINESS_HOURS.days },
  ),
  'businessHours.hours': setting.structure(
    'Local time of day in which people work; the end is exclusive.',
    z.string().refine((hours) => minutesOf(hours) !== undefined),
    'HH:MM-HH:MM within one day, for example 09:00-17:00',
    { fallback: DEFAULT_BUSINESS_HOURS.hours },
  ),

  'catalog.file': setting.text('The tool catalog; reloaded on change.', {
    fallback: 'policies/catalog.yaml',
  }),

  'roles.fromGroups': setting.structure(
    'Roles by group name.',
    z.record(z.string(), z.array(z.string().min(1))),
    'JSON such as {"Platform Admins":["platform_admin"]}',
    { fallback: {} },
  ),
  'roles.capability': setting.text('App capability of the tailnet policy whose `roles` the principal gets.', {
    fallback: 'iris.dev/cap/roles',
  }),

  'breakGlass.keys': setting.structure(
    'Public keys (Ed25519) by name, whose holders may set enforcement to observe for a time; none by default. They need Redis.',
    z.record(z.string().min(1).max(100), z.string()),
    'JSON such as {"ada":"MCowBQYDK2VwAyEA…"}, each key as PEM or its base64',
    { fallback: {} },
  ),
  'breakGlass.maxMinutes': setting.integer(
    'Longest time that one switch may last, in minutes.',
    { min: 1, max: 1440 },
    { fallback: 240 },
  ),

  'evidence.directory': setting.text('Folder of the evidence spool; several gateways may share it.', {
    fallback: '.iris/evidence',
  }),
  'evidence.maxBytes': setting.integer(
    'Maximum size of the spool, in bytes.',
    { min: 65_536, max: 1_099_511_627_776 },
    { fallback: 1_073_741_824 },
  ),
  'evidence.onFull': setting.choice(
    'When a decision cannot be recorded, because the spool is full or not writable: block enforceable hooks, or drop and count the record.',
    ['block', 'drop'],
    { fallback: 'drop' },
  ),
  'evidence.segmentBytes': setting.integer(
    'Size in bytes at which a file of the spool is closed.',
    { min: 4096, max: 1_073_741_824 },
    { fallback: 8_388_608 },
  ),
  'evidence.segmentSeconds': setting.integer(
    'Age in s at which a file of the spool is closed.',
    { min: 1, max: 86_400 },
    { fallback: 60 },
  ),
  'evidence.fsyncMs': setting.integer(
    'Interval of fsync of the spool, in ms: the maximum loss on power failure. A killed process loses nothing.',
    { min: 10, max: 60_000 },
    { fallback: 200 },
  ),
  'evidence.attempts': setting.integer(
    'Maximum attempts to deliver a batch before it becomes a dead letter; pauses grow to 30 s.',
    { min: 1, max: 1_000_000 },
    { fallback: 120 },
  ),
  'evidence.hashKey': setting.optionalText(
    'Key of the hashes of masked parameters. Without one, hashes are comparable within one gateway process only.',
    { secret: true },
  ),
  'evidence.signingKey': setting.optionalText(
    'Ed25519 private key in PEM that signs the heads of the evidence chain (openssl genpkey -algorithm ed25519). Without one heads have no signature.',
    { secret: true },
  ),
  'evidence.headRecords': setting.integer(
    'Number of records between two heads of the evidence chain.',
    { min: 1, max: 1_000_000 },
    { fallback: 500 },
  ),
  'evidence.headSeconds': setting.integer(
    'Maximum time between two heads, in s; 0 for no limit.',
    { min: 0, max: 86_400 },
    { fallback: 60 },
  ),
  'evidence.maskKeys': setting.list('Further regular expressions for keys of parameters whose values are masked.', {
    fallback: [],
  }),
  'evidence.maskPatterns': setting.structure(
    'Further regular expressions for texts that are masked, by the replacing name.',
    z.record(z.string().min(1), z.string().min(1)),
    'JSON such as {"badge":"B-[0-9]{6}"}',
    { fallback: {} },
  ),
  'evidence.maxParamsBytes': setting.integer(
    'Maximum parameters of one call in evidence, in bytes; larger ones are replaced by size and hash.',
    { min: 256, max: 16_777_216 },
    { fallback: DEFAULT_PARAMS_LIMITS.maxParamsBytesEvidence },
  ),
} as const;

export type DecisionSettings = SettingsValues<typeof decisionSettings>;
