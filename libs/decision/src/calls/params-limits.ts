/** The defaults of the limits for the parameters of one call, in bytes of JSON. */
export const DEFAULT_PARAMS_LIMITS = {
  /** What the PDP is asked about; more is truncated and marked. */
  maxParamsBytesPdp: 262_144,
  /** What evidence keeps; more is replaced by size and hash. */
  maxParamsBytesEvidence: 65_536,
} as const;
