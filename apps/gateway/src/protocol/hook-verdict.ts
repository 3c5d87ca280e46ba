import type { ReasonId } from '@iris/contracts';

/** The verdict on a whole hook, before it takes the form of a reply. */
export type HookVerdict =
  | { readonly action: 'allow'; readonly reason: ReasonId }
  | { readonly action: 'block'; readonly reason: ReasonId; readonly message: string; readonly statusCode: number }
  /** Only for an agent's own hook: policy allows the call, and asks that a person confirms it. */
  | { readonly action: 'ask'; readonly reason: ReasonId; readonly message: string }
  /** `body` is the raw text of the new provider body, in UTF-8 where it is bytes. */
  | { readonly action: 'modify'; readonly reason: ReasonId; readonly body: string | Buffer };
