import type { CallDecision, Effect, Hook, Identity, JsonObject, ReasonId } from '@iris/contracts';
import { isJsonObject } from '@iris/contracts';
import { type EvidenceRecord, type EvidenceSpool, maskParameters } from '@iris/evidence';
import { count, type Logger } from '@iris/telemetry';
import { Injectable } from '@nestjs/common';
import { v7 as uuidv7 } from 'uuid';
import type { DecidedCall, PolicySelection, PreparedPrincipal } from '../decision/decision.service.js';
import type { HookVerdict } from '../hook/reply.js';

/** Everything about a hook that its records share. */
export interface HookOutcome {
  readonly hook: Hook;
  readonly identity: Identity;
  readonly prepared?: PreparedPrincipal;
  readonly verdict: HookVerdict;
  readonly mode: 'enforce' | 'observe';
  readonly traceId?: string;
  readonly durationsMs: { readonly context: number; readonly pdp: number; readonly total: number };
}

/** The evidence room: one record per decision, in the spool before the reply leaves. */
@Injectable()
export class EvidenceService {
  constructor(
    private readonly spool: EvidenceSpool,
    private readonly policies: PolicySelection,
    private readonly logger: Logger,
  ) {}

  /** Records new decisions; a hook without any gets one record of its own. Never throws: a full disk is counted. */
  record(outcome: HookOutcome, decided: readonly DecidedCall[], enforced: (decision: CallDecision) => boolean): void {
    const records =
      decided.length === 0
        ? [this.hookRecord(outcome)]
        : decided.map((call) => this.callRecord(outcome, call, enforced(call.decision)));
    try {
      this.spool.append(records);
      count('iris.evidence.records', { outcome: 'spooled' }, records.length);
    } catch (error) {
      count('iris.evidence.records', { outcome: 'lost' }, records.length);
      this.logger.error({ err: error, records: records.length }, 'evidence could not be written to the spool');
    }
  }

  private hookRecord(outcome: HookOutcome): EvidenceRecord {
    return {
      ...this.shared(outcome),
      phase: 'none',
      effect: outcome.verdict.action === 'block' ? 'DENY' : 'ALLOW',
      reason: outcome.verdict.reason,
      enforced: outcome.verdict.action !== 'allow',
      policy: { version: this.policies.policyVersion, rules: [], derivedRoles: [], outputs: [] },
    };
  }

  private callRecord(outcome: HookOutcome, { decision, attr }: DecidedCall, enforced: boolean): EvidenceRecord {
    const effect: Effect = decision.effect;
    const reason: ReasonId = decision.reason;
    return {
      ...this.shared(outcome),
      phase: decision.call.phase,
      resource: { kind: this.policies.resourceKind, id: decision.call.id, attr: maskResource(attr) },
      action: decision.call.name,
      effect,
      reason,
      enforced,
      policy: {
        version: this.policies.policyVersion,
        matched: decision.matchedPolicy,
        scope: decision.matchedScope,
        rules: [...decision.rules],
        derivedRoles: [...decision.derivedRoles],
        outputs: decision.outputs.map(({ source, value }) => ({ source, value: value ?? null })),
        cerbosCallId: decision.cerbosCallId,
      },
    };
  }

  private shared({ hook, identity, prepared, verdict, mode, traceId, durationsMs }: HookOutcome) {
    const time = Date.now();
    return {
      schema: 'iris.evidence.v1' as const,
      id: uuidv7({ msecs: time }),
      time: new Date(time).toISOString(),
      traceId,
      event: hook.event,
      hookKey: hook.keyName,
      requestId: hook.metadata.request_id,
      sessionId: hook.metadata.session_id,
      principal: {
        id: identity.id,
        roles: [...(prepared?.principal.roles ?? [])],
        attr: prepared?.principal.attr ?? {},
      },
      attributeOrigins: { ...prepared?.origins },
      mode,
      reply: verdict.action,
      durationsMs: {
        context: round(durationsMs.context),
        pdp: round(durationsMs.pdp),
        total: round(durationsMs.total),
      },
    };
  }
}

function maskResource(attr: JsonObject): JsonObject {
  return isJsonObject(attr.params) ? { ...attr, params: maskParameters(attr.params) } : attr;
}

function round(ms: number): number {
  return Math.round(ms * 100) / 100;
}
