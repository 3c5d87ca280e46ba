import { ENFORCEABLE_EVENTS, type Hook, type ReasonId } from '@iris/contracts';
import { count, type Logger } from '@iris/telemetry';
import { LRUCache } from 'lru-cache';

const HOUR_MS = 3_600_000;

/** How many hook keys and events are told apart. */
const MAX_KEYS = 1000;

/** What an operator must change in Aperture, by reason. */
const FIXES: Partial<Record<ReasonId, string>> = {
  nothing_to_evaluate:
    'add request_body to `send` of the send_hooks entry for this hook: without it a pre_request carries no tool call, and `tools` is empty before the response',
  observe_only:
    'wire this hook to the event pre_request with send request_body to enforce: this event comes after the response, which cannot be stopped any more',
};

/** Warns once per hook key, event and hour that a hook is wired so that it cannot be judged or enforced. */
export class WiringWarnings {
  private readonly said: LRUCache<string, true>;
  /** Hook keys that came with an event that is enforced. */
  private readonly enforcing: LRUCache<string, true>;

  /** @param clock reports ms that only grow */
  constructor(
    private readonly logger: Logger,
    clock: { now(): number } = performance,
  ) {
    this.said = new LRUCache({ max: MAX_KEYS, ttl: HOUR_MS, perf: clock });
    this.enforcing = new LRUCache({ max: MAX_KEYS, ttl: HOUR_MS, perf: clock });
  }

  /** The hook carries nothing that can be judged. */
  nothingToEvaluate(hook: Hook): void {
    this.warn(hook, 'nothing_to_evaluate');
  }

  /**
   * Takes note of how hooks come in enforce mode. A key that sends only events after the response enforces nothing; one
   * that sends pre_request as well is wired as it should be.
   */
  sawEvent(hook: Hook): void {
    if (hook.event === 'pre_request') this.enforcing.set(hook.keyName, true);
    else if (!ENFORCEABLE_EVENTS.has(hook.event) && !this.enforcing.has(hook.keyName)) this.warn(hook, 'observe_only');
  }

  private warn(hook: Hook, reason: Extract<ReasonId, 'nothing_to_evaluate' | 'observe_only'>): void {
    count('iris.hook.wiring_warnings', { event: hook.event, reason });
    const key = `${hook.keyName}\n${hook.event}\n${reason}`;
    if (this.said.has(key)) return;
    this.said.set(key, true);
    this.logger.warn(
      { reason, event: hook.event, hookKey: hook.keyName, fix: FIXES[reason] },
      `${reason}: ${FIXES[reason]}`,
    );
  }
}
