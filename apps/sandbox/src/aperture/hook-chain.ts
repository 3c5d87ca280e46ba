import type { ApertureEvent } from './aperture-config.js';
import type { WiredHook } from './grants.js';
import type { HookAttempt, HookClient, HookFailure } from './hook-client.js';
import { type HookFacts, hookPayload } from './hook-payload.js';
import { type HookVerdict, readVerdict } from './hook-verdict.js';

/** A hook as it was called. */
export interface HookRecord {
  hook: string;
  event: ApertureEvent;
  requestId: string;
  /** HookCallData as JSON text, before any coding. */
  payloadText: string;
  attempts: HookAttempt[];
  durationMs: number;
  replyText?: string;
  /** What came of it. `ignored`: the reply to a post-response event. `failed`: see `failure`. */
  outcome: HookVerdict['action'] | 'ignored' | 'failed';
  failure?: HookFailure;
}

/** What the pre_request hooks decide together. */
export type ChainResult =
  | { kind: 'forward'; modifiedBodyText?: string }
  | { kind: 'refuse'; status: number; message: string; hook: string };

/** Runs the pre_request hooks one after another; the first block, or failure of a fail-closed hook, ends it. */
export async function runPreRequest(
  hooks: readonly WiredHook[],
  facts: HookFacts,
  client: HookClient,
  records: HookRecord[],
): Promise<ChainResult> {
  let modifiedBodyText: string | undefined;
  for (const { key, hook, events, send } of hooks) {
    if (!events.has('pre_request')) continue;
    const current = modifiedBodyText === undefined ? facts : { ...facts, requestBodyText: modifiedBodyText };
    const payloadText = hookPayload(current, send);
    const answer = await client.post(key, hook, payloadText);
    const verdict = answer.failure === undefined ? readVerdict(answer.replyText ?? '') : undefined;
    records.push({
      hook: key,
      event: 'pre_request',
      requestId: facts.metadata.request_id,
      payloadText,
      outcome: verdict?.action ?? 'failed',
      ...answer,
    });
    const hasFailed = verdict === undefined || verdict.action === 'unparseable';
    if (hasFailed && hook.fail_policy === 'fail_closed') {
      return { kind: 'refuse', status: 503, message: 'guardrail unavailable', hook: key };
    }
    if (verdict?.action === 'block') {
      return { kind: 'refuse', status: verdict.statusCode, message: verdict.message, hook: key };
    }
    if (verdict?.action === 'modify') modifiedBodyText = verdict.requestBodyText;
  }
  return { kind: 'forward', modifiedBodyText };
}

/** Sends the post-response events. Replies are drained and ignored, failures dropped. */
export async function sendPostEvents(
  hooks: readonly WiredHook[],
  facts: HookFacts,
  client: HookClient,
  records: HookRecord[],
): Promise<void> {
  const hasCalls = (facts.response?.toolCalls.length ?? 0) > 0;
  const events: ApertureEvent[] = hasCalls ? ['tool_call_entire_request', 'entire_request'] : ['entire_request'];
  const calls = hooks.flatMap((wired) =>
    events.filter((event) => wired.events.has(event)).map((event) => ({ wired, event })),
  );
  await Promise.all(
    calls.map(async ({ wired, event }) => {
      const payloadText = hookPayload(facts, wired.send);
      const answer = await client.post(wired.key, wired.hook, payloadText);
      records.push({
        hook: wired.key,
        event,
        requestId: facts.metadata.request_id,
        payloadText,
        outcome: answer.failure === undefined ? 'ignored' : 'failed',
        ...answer,
      });
    }),
  );
}
