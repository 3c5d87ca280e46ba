/** How long a gateway that opens on failure waits for its PDP before it is ready without, in ms. */
const START_GRACE_MS = 30_000;

export interface ReadinessInput {
  readonly pdpReady: boolean;
  /** Whether the PDP was ready since the start. */
  readonly pdpWasReady: boolean;
  readonly uptimeMs: number;
  readonly failureModes: Readonly<Record<string, 'closed' | 'open'>>;
}

/**
 * Whether requests are to be sent to this process. Where a failure mode is open, they pass without a PDP, which needs a
 * gateway that answers; at the start the PDP has some time to come, so that a rollout lets nothing pass for want of it.
 */
export function readinessOf(input: ReadinessInput): { readonly ready: boolean; readonly withoutPdp: boolean } {
  const { pdpReady, pdpWasReady, uptimeMs, failureModes } = input;
  if (pdpReady) return { ready: true, withoutPdp: false };
  const opens = Object.values(failureModes).includes('open');
  const ready = opens && (pdpWasReady || uptimeMs >= START_GRACE_MS);
  return { ready, withoutPdp: ready };
}
