import { type GuardrailResponse, guardrailResponseSchema } from '@iris/contracts';
import type { HookVerdict } from '../protocol/hook-verdict.js';

/** The parts of the HTTP reply. A body of bytes is neither decoded nor copied: that takes as long as it is. */
export function replyParts(verdict: HookVerdict): readonly (string | Buffer)[] {
  if (verdict.action !== 'modify' || typeof verdict.body === 'string') return [replyText(verdict)];
  return [MODIFY_START, verdict.body, '}'];
}

const MODIFY_START = '{"action":"modify","request_body":';

/** The text of the HTTP reply. A new provider body is put in as the raw text it is. */
export function replyText(verdict: HookVerdict): string {
  switch (verdict.action) {
    case 'modify':
      return `${MODIFY_START}${verdict.body}}`;
    case 'ask':
    case 'allow':
      return '{"action":"allow"}';
    case 'block': {
      const reply: GuardrailResponse = {
        action: 'block',
        status_code: verdict.statusCode,
        message: verdict.message,
      };
      return JSON.stringify(guardrailResponseSchema.parse(reply));
    }
  }
}
