import type { CallDecision, ReasonId } from '@iris/contracts';
import type { DecidedCall, PreparedPrincipal } from './decided-call.js';
import type { DecisionRequest } from './decision-request.js';

/** `enforce`: verdicts are obeyed; `observe`: they are recorded, and everything is allowed. */
export type Mode = 'enforce' | 'observe';

/** What a request is answered with. */
export type VerdictAction = 'allow' | 'block' | 'ask' | 'modify';

/** A break-glass switch, as records name it. */
export interface BreakGlassMark {
  readonly id: string;
  /** Name of the admin key. */
  readonly key: string;
  /** Epoch ms. */
  readonly until: number;
  readonly category?: string;
}

/** Who asked the PDP through Iris: an application that is authenticated by itself. */
export interface CallerMark {
  readonly name: string;
  /** What it was authenticated by, such as `certificate`. */
  readonly by: string;
  /** Protocol of the question, such as `cerbos`. */
  readonly protocol: string;
}

/** What records state of a request, from whichever entry point it comes. */
export interface RecordedRequest
  extends Pick<DecisionRequest, 'keyName' | 'entryPoint' | 'who' | 'requestId' | 'sessionId' | 'unknownFields'> {
  readonly event: string;
  readonly caller?: CallerMark;
  /** Attributes of the caller that facts of a source replaced or ruled out, by path. */
  readonly replaced?: readonly string[];
}

/** The outcome of a request, which all its records share. */
export interface RequestOutcome<R extends RecordedRequest = DecisionRequest> {
  readonly request: R;
  readonly prepared?: PreparedPrincipal;
  readonly verdict: { readonly action: VerdictAction; readonly reason: ReasonId };
  readonly mode: Mode;
  /** The mode of a decision, where it is another than that of the request. */
  readonly modeOf?: (decision: CallDecision) => Mode;
  /** The break-glass switch that holds for a decision, or for the request without one. */
  readonly switchOf?: (decision?: CallDecision) => BreakGlassMark | undefined;
  /** Where something is only observed, what enforcement would have replied. */
  readonly wouldHave?: VerdictAction;
  readonly traceId?: string;
  /** Whether not every call was decided, so that the failure mode or a limit gave the verdict. */
  readonly failed?: boolean;
  readonly durationsMs: { readonly context: number; readonly pdp: number; readonly total: number };
}

/** A call on which the candidate policy differs. */
export interface ShadowDifference {
  readonly decision: CallDecision;
  readonly shadow: DecidedCall;
}
