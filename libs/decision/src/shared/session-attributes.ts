import type { JsonObject } from '@iris/contracts';
import { toAttributes } from '@iris/pdp';
import { clientOf } from './client-name.js';

export interface SessionFacts {
  readonly model?: string;
  readonly provider?: string;
  readonly userAgent?: string;
}

/** What is known of a call before it is made, and is the same for the whole session. */
export function sessionAttributes({ model, provider, userAgent }: SessionFacts): JsonObject {
  const client = clientOf(userAgent);
  return toAttributes({ model, provider, ...(client.name === undefined ? {} : { client }), userAgent });
}
