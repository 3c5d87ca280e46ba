import type { Hook } from '@iris/contracts';

/** The id under which the PDP logs the check, so that its audit entry and the evidence are joined. */
export function requestKeyOf(hook: Hook, traceId: string | undefined): string {
  return hook.metadata.request_id || traceId || 'unknown';
}
