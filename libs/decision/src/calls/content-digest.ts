import { createHash } from 'node:crypto';
import type { ToolCall } from '@iris/contracts';

/** Digest of what a remembered verdict is bound to beside the result. */
export function contentDigest(call: ToolCall): string {
  const content = [call.name, call.server ?? null, call.paramsStatus, call.params ?? null];
  return createHash('sha256').update(JSON.stringify(content)).digest('base64url');
}
