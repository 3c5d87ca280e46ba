import { hash } from 'node:crypto';
import type { ToolCall } from '@iris/contracts';

/** Digest of what a remembered verdict is bound to beside the result. */
export function contentDigest(call: ToolCall): string {
  const content = [call.name, call.server ?? null, call.paramsStatus, call.params ?? null];
  return hash('sha256', JSON.stringify(content), 'base64url');
}
