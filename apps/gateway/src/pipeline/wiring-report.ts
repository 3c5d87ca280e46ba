import type { Hook } from '@iris/contracts';
import type { EvidenceService, Modes } from '@iris/decision';
import { count, type Logger } from '@iris/telemetry';
import type { CallsMismatch, HookCalls } from '../protocol/hook-calls.js';
import type { WiringWarnings } from './wiring-warnings.js';

/** Tools of each source that a log line lists. */
const MAX_LISTED_TOOLS = 20;

/** Reports hooks whose wiring in Aperture or whose fields are not as they should be. */
export class WiringReport {
  constructor(
    private readonly warnings: Pick<WiringWarnings, 'sawEvent' | 'nothingToEvaluate'>,
    private readonly evidence: Pick<EvidenceService, 'shownId'>,
    private readonly logger: Logger,
  ) {}

  saw(hook: Hook, calls: HookCalls, modes: Pick<Modes, 'ofEvent'>): void {
    if (modes.ofEvent(hook.event) === 'enforce') this.warnings.sawEvent(hook);
    if (calls.status === 'nothing_to_evaluate') this.warnings.nothingToEvaluate(hook);
    if (calls.status === 'read' && calls.mismatch !== undefined) this.#mismatch(hook, calls.mismatch);
  }

  /** Tool names only: parameters never reach the log. */
  #mismatch({ event, metadata }: Hook, mismatch: CallsMismatch): void {
    const tools = Object.fromEntries(
      Object.entries(mismatch).map(([source, names]) => [source, names?.slice(0, MAX_LISTED_TOOLS)]),
    );
    this.logger.warn(
      { reason: 'calls_mismatch', event, requestId: this.evidence.shownId(metadata.request_id), tools },
      'the fields of a hook name different tool calls; every call that any of them names is judged',
    );
    count('iris.hook.wiring_warnings', { event, reason: 'calls_mismatch' });
  }
}
