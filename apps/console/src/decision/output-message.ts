import { isJsonObject } from '@iris/contracts';
import type { CheckResult } from '@iris/pdp';

/** What the rule that decides states. */
export function messageIn({ effect, outputs }: CheckResult): string | undefined {
  const key = effect === 'ALLOW' ? 'allowed_by' : 'message';
  for (const { value } of outputs) {
    const text = isJsonObject(value) ? value[key] : undefined;
    if (typeof text === 'string' && text.trim() !== '') return text.trim();
  }
  return undefined;
}
