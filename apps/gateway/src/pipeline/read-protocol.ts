import type { AgentHookFacts, Hook, ReasonId } from '@iris/contracts';
import type { HookLimits } from '../hook/index.js';
import type { BodyDecisions, HookCalls, RewritableBody, RewrittenBody } from '../protocol/hook-calls.js';
import type { IncomingHook } from '../protocol/incoming-hook.js';

/** What a worker thread is started with. */
export interface ReadWorkerData {
  readonly limits: HookLimits;
}

/** A hook for a worker thread. The bytes are transferred, not copied. */
export interface ReadTask {
  /** Names the hook: the rewrite of a hook has the same id. */
  readonly id: number;
  readonly incoming: Omit<IncomingHook, 'body'> & { readonly body: Uint8Array };
}

/** A decoded hook, and what is to be done to its provider body. */
export interface RewriteTask extends ReadTask {
  readonly decisions: BodyDecisions;
}

/** The calls of a hook without the list of calls, and with the format alone of the provider body. */
export type CallsBeside = Omit<Extract<HookCalls, { status: 'read' }>, 'calls' | 'body'> & {
  readonly format?: RewritableBody['format'];
};

/** What a worker thread returns of a hook. The bytes are transferred. */
export type ReadTaskResult =
  | { readonly ok: false; readonly reason: ReasonId; readonly detail: string; readonly agent?: AgentHookFacts }
  | {
      readonly ok: true;
      readonly hook: Hook;
      readonly calls: Exclude<HookCalls, { status: 'read' }> | CallsBeside;
      /** Lists of calls as `v8.serialize` writes them, each small enough to be read in one turn of the event loop. */
      readonly batches: readonly Uint8Array[];
      /** The decoded body, for a rewrite. */
      readonly body: Uint8Array;
    };

/** What a worker thread returns of a rewrite. The bytes are transferred. */
export interface RewriteTaskResult {
  readonly rewritten: RewrittenBody;
  /** The decoded body again, for another rewrite. */
  readonly body: Uint8Array;
}
