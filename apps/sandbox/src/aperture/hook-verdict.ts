import { findNodeAtLocation, parseTree } from 'jsonc-parser';
import { asObject } from './json-members.js';

/** What Aperture makes of a hook's 2xx reply at pre_request. */
export type HookVerdict =
  | { action: 'allow' }
  | { action: 'block'; statusCode: number; message: string }
  | { action: 'modify'; requestBodyText: string }
  /** No JSON object: the hook's fail policy decides. */
  | { action: 'unparseable' };

/**
 * Reads a GuardrailResponse. Unknown members are ignored; a `modify` without an object is an allow, and so is an action
 * that is none of the three: the protocol leaves the latter open, and this is the worst that a guardrail can meet.
 * Source: Tailscale's protocol reference for Aperture hooks and its configuration reference.
 */
export function readVerdict(replyText: string): HookVerdict {
  let value: unknown;
  try {
    value = JSON.parse(replyText);
  } catch {
    return { action: 'unparseable' };
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return { action: 'unparseable' };
  const reply = asObject(value);
  if (reply.action === 'block') {
    return {
      action: 'block',
      statusCode: typeof reply.status_code === 'number' ? reply.status_code : 403,
      message:
        typeof reply.message === 'string' && reply.message !== '' ? reply.message : 'request blocked by guardrail',
    };
  }
  if (reply.action === 'modify') {
    const tree = parseTree(replyText);
    const node = tree && findNodeAtLocation(tree, ['request_body']);
    if (node?.type === 'object') {
      return { action: 'modify', requestBodyText: replyText.slice(node.offset, node.offset + node.length) };
    }
  }
  return { action: 'allow' };
}
