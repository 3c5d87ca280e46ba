import { count, type Logger } from '@iris/telemetry';
import type { DecidedCall } from '../shared/decided-call.js';
import type { RequestOutcome, ShadowDifference } from '../shared/request-outcome.js';
import type { DifferenceRecorder, SecondOpinion } from '../shared/second-opinion.js';

/** How many hooks may be asked about at once; further ones are left out and counted, so that nothing piles up. */
const MAX_IN_FLIGHT = 32;
const TIMEOUT_MS = 2000;

/**
 * Asks a candidate version of the policies about every decided call, after the reply: the same principal, the same
 * attributes. Differences become evidence. Nothing here delays or changes a verdict.
 */
export class ShadowPolicy {
  private inFlight = 0;

  /** @param candidate asks the candidate version */
  constructor(
    private readonly candidate: SecondOpinion,
    private readonly evidence: DifferenceRecorder,
    private readonly policyVersion: string,
    private readonly logger: Logger,
  ) {}

  /** Returns at once. */
  compare(outcome: RequestOutcome, all: readonly DecidedCall[]): void {
    // The gateway's own denials hold whatever the policies say.
    const decided = all.filter(
      ({ decision: { reason } }) => reason !== 'call_too_large' && reason !== 'call_too_complex',
    );
    if (decided.length === 0 || outcome.prepared === undefined) return;
    if (this.inFlight >= MAX_IN_FLIGHT) {
      count('iris.shadow.calls', { outcome: 'left_out' }, decided.length);
      return;
    }
    this.inFlight += 1;
    // The reply is written first.
    setImmediate(() => {
      this.ask(outcome, decided)
        // A second opinion must never end the process that gives the first.
        .catch((error: unknown) => this.logger.error({ err: error }, 'a second opinion failed unexpectedly'))
        .finally(() => {
          this.inFlight -= 1;
        });
    });
  }

  private async ask(outcome: RequestOutcome, decided: readonly DecidedCall[]): Promise<void> {
    const { request, prepared, traceId } = outcome;
    if (prepared === undefined) return;
    try {
      const answers = await this.candidate.decideAgain(request, prepared, decided, TIMEOUT_MS, traceId);
      const differences = decided.flatMap(({ decision }, index): ShadowDifference[] => {
        const shadow = answers[index];
        const differs = shadow !== undefined && shadow.decision.effect !== decision.effect;
        const outcome = decision.effect === 'ALLOW' ? 'allow_to_deny' : 'deny_to_allow';
        count('iris.shadow.calls', { outcome: differs ? outcome : 'same' });
        return differs ? [{ decision, shadow }] : [];
      });
      if (differences.length > 0) await this.evidence.recordDifferences(outcome, differences, this.policyVersion);
    } catch (error) {
      count('iris.shadow.calls', { outcome: 'failed' }, decided.length);
      this.logger.debug({ err: error }, 'the candidate policies gave no second opinion');
    }
  }
}
