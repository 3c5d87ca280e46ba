import {
  type Effect,
  FORMAT_IDS,
  type HookEvent,
  type Phase,
  REASON_IDS,
  REDIS_CONDITIONS,
  SOURCE_IDS,
} from '@iris/contracts';

/** The values that labels may have: closed lists, so that no person and no tool parameter can become a series. */
export const EVENTS = [
  'pre_request',
  'tool_call_entire_request',
  'entire_request',
  'pre_tool_use',
  'mcp_tools_call',
] as const satisfies readonly HookEvent[];
export const ACTIONS = ['allow', 'block', 'modify', 'ask'] as const;
export const EFFECTS = ['ALLOW', 'DENY'] as const satisfies readonly Effect[];
export const PHASES = ['declared', 'executed', 'requested'] as const satisfies readonly Phase[];
export const YES_OR_NO = ['true', 'false'] as const;
export const REASONS_OF_ANY = REASON_IDS;
export const SOURCES = SOURCE_IDS;
/** An answer that needs no reason has an empty one. */
export const REASONS_OR_NONE = ['', ...REASON_IDS] as const;
export const FORMATS = FORMAT_IDS;
/** Formats of kinds that are not recognised; `hook` is a field of the hook itself. */
export const UNRECOGNISED_FORMATS = [...FORMATS, 'hook', 'other'] as const;
export const CONTEXT_STATUSES = ['fresh', 'stale', 'not_found', 'unavailable'] as const;
export const CONTEXT_ORIGINS = ['l1', 'redis', 'source', 'none'] as const;
export const PDP_OUTCOMES = ['ok', 'pdp_unavailable', 'pdp_timeout', 'pdp_rejected', 'internal_error'] as const;
export const VENDOR_FAULTS = [
  'unauthorized',
  'rate_limited',
  'unavailable',
  'timeout',
  'bad_response',
  'overloaded',
  'cancelled',
  'circuit_open',
] as const;
/** What a process uses a connection to Redis for. */
export const REDIS_USES = ['cache', 'evidence'] as const;
export type RedisUse = (typeof REDIS_USES)[number];
export const CONDITIONS_OF_REDIS = REDIS_CONDITIONS;
export const SINKS = ['file', 'http', 'otlp', 's3', 'decision_log'] as const;
