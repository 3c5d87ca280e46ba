import type { Message } from '@bufbuild/protobuf';
import type { ReasonId } from '@iris/contracts';
import type { Budget, PreparedPrincipal } from '@iris/decision';
import type { Caller } from '../callers/index.js';

/** What an entry protocol states of a request. */
export interface Entry {
  readonly caller: Caller;
  readonly protocol: 'cerbos' | 'authzen' | 'ext_authz' | 'ext_mcp';
  readonly budget: Budget;
  /** Aborted when the caller is gone. */
  readonly signal: AbortSignal;
  /** Whether the principal is a person; absent where its id decides. */
  readonly isPerson?: boolean;
  /** Called with the facts of the principal once they are gathered. */
  readonly onFacts?: (prepared: PreparedPrincipal) => void;
  /** A search asks many questions and decides none, so it is recorded once as a whole. */
  readonly isSearch?: boolean;
}

/** Why the proxy itself refuses a request, with the code of gRPC. */
export interface Refusal {
  readonly code: number;
  readonly message: string;
  readonly reason: ReasonId;
}

/** The PDP's reply in the form of a protocol; `answer` only where it decided. */
export interface Asked<O extends Message, T> {
  readonly reply: T;
  readonly answer?: O;
  /** Why there is no decision. */
  readonly reason?: ReasonId;
}

/** One question in the form of a protocol. */
export interface Exchange<I extends Message, O extends Message, T> {
  /** @param question undefined for the question exactly as it was sent */
  ask(question: I | undefined): Promise<Asked<O, T>>;
  /** The reply that holds an answer. */
  reply(answer: O): T;
  refuse(refusal: Refusal): T;
}
