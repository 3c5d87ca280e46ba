import { DEFAULT_PARAMS_LIMITS } from '@iris/decision/calls';

/** The bounds of one hook. Each is a setting; exceeding one has a reason id of its own. */
export interface HookLimits {
  /** Body size in bytes, before and after decompression: `body_too_large`. */
  readonly maxBodyBytes: number;
  /** Decompressed size divided by transferred size: `decoded_ratio_exceeded`. */
  readonly maxDecodedRatio: number;
  /** Nested objects and arrays: `body_too_deep`. */
  readonly maxDepth: number;
  /** Values of all kinds in the JSON text: `body_too_complex`. */
  readonly maxNodes: number;
  /** Tool calls of one hook: `too_many_calls`. */
  readonly maxCalls: number;
  /** Results that answer one call id: `too_many_results`. */
  readonly maxResultsPerCall: number;
  /** Tools that one request declares: `too_many_declared_tools`. */
  readonly maxDeclaredTools: number;
  /** UTF-16 units of a session, request or call id: `id_too_long`. */
  readonly maxIdLength: number;
  /** UTF-16 units of a tool or server name: `name_too_long`. */
  readonly maxNameLength: number;
  /** Bytes of JSON of the parameters of one call that the PDP is asked about. */
  readonly maxParamsBytesPdp: number;
  /** Bytes of JSON of the parameters of one call that evidence keeps. */
  readonly maxParamsBytesEvidence: number;
}

/** The defaults of the settings, for specs and for readers that no setting reaches. */
export const DEFAULT_HOOK_LIMITS: HookLimits = {
  maxBodyBytes: 67_108_864,
  maxDecodedRatio: 1000,
  maxDepth: 200,
  maxNodes: 500_000,
  maxCalls: 10_000,
  maxResultsPerCall: 100,
  maxDeclaredTools: 1000,
  maxIdLength: 16_384,
  maxNameLength: 512,
  ...DEFAULT_PARAMS_LIMITS,
};
