import type { DecidedCall, PreparedPrincipal } from './decided-call.js';
import type { DecisionRequest } from './decision-request.js';
import type { RequestOutcome, ShadowDifference } from './request-outcome.js';

/** Asks candidate policies about decided calls. */
export interface SecondOpinion {
  /** @throws PdpError when the PDP gives no decision */
  decideAgain(
    request: DecisionRequest,
    prepared: PreparedPrincipal,
    decided: readonly DecidedCall[],
    timeoutMs: number,
    traceId: string | undefined,
  ): Promise<DecidedCall[]>;
}

/** Records the calls on which candidate policies differ. */
export abstract class DifferenceRecorder {
  /** Never rejects. */
  abstract recordDifferences(
    outcome: RequestOutcome,
    differences: readonly ShadowDifference[],
    policyVersion: string,
  ): Promise<void>;
}

/** Token of the `SecondOpinion`; undefined when there are no candidate policies. */
export const CANDIDATE = Symbol('candidate policies');
