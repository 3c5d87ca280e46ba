import type { Effect, JsonObject, PolicyOutput, ReasonId } from '@iris/contracts';

/** The principal of a check or plan. `roles` must not be empty. */
export interface PdpPrincipal {
  readonly id: string;
  readonly roles: readonly string[];
  readonly attr: JsonObject;
}

/** One resource of a check, with the one action that is asked of it. */
export interface PdpResource {
  readonly kind: string;
  readonly id: string;
  readonly action: string;
  readonly attr: JsonObject;
}

export interface CheckRequest {
  readonly principal: PdpPrincipal;
  readonly resources: readonly PdpResource[];
  /** Version and scope of the resource policies; empty means the PDP's default. */
  readonly policyVersion: string;
  readonly scope: string;
  readonly requestId: string;
  /** Stored in the PDP's audit log, so that its entries can be joined with evidence. */
  readonly annotations?: Readonly<Record<string, string>>;
}

/** The PDP's answer for one resource, in the order of the request. */
export interface CheckResult {
  readonly effect: Effect;
  /** False when the PDP holds no policy for the resource's kind, version and scope. */
  readonly policyFound: boolean;
  readonly matchedPolicy?: string;
  readonly matchedScope?: string;
  readonly derivedRoles: readonly string[];
  readonly outputs: readonly PolicyOutput[];
  /** Attributes that the schemas refuse, by path. */
  readonly schemaErrors: readonly string[];
  readonly cerbosCallId: string;
}

export interface PlanRequest {
  readonly principal: PdpPrincipal;
  readonly kind: string;
  readonly action: string;
  /** Attributes that are known; the others stay open. */
  readonly attr: JsonObject;
  readonly policyVersion: string;
  readonly scope: string;
  readonly requestId: string;
}

export type PlanKind = 'ALWAYS_ALLOWED' | 'ALWAYS_DENIED' | 'CONDITIONAL';

/** How a call to the PDP may take. */
export interface PdpCall {
  /** Budget in ms, one retry included. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
  /**
   * Called with the answers of each part of a check that is made in several calls, as they arrive: what was answered
   * before an error is not lost. `from` is the index of the first resource of the part.
   */
  readonly onPart?: (from: number, results: readonly CheckResult[]) => void;
}

/** The policy decision point. Methods throw `PdpError`. */
export interface Pdp {
  check(request: CheckRequest, call: PdpCall): Promise<CheckResult[]>;
  plan(request: PlanRequest, call: PdpCall): Promise<PlanKind>;
  /** Version and commit of the PDP, as it states them. @throws PdpError */
  version(timeoutMs: number): Promise<string>;
  close(): void;
}

/** The PDP gave no decision. `reason` states why. */
export class PdpError extends Error {
  override readonly name = 'PdpError';
  constructor(
    readonly reason: Extract<ReasonId, 'pdp_unavailable' | 'pdp_timeout' | 'pdp_rejected'>,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
