import { hash } from 'node:crypto';
import { listedEffects } from '@iris/call-effects';
import type { CallDecision, Json, JsonObject } from '@iris/contracts';
import { isJsonObject, knownFacts } from '@iris/contracts';
import {
  EVIDENCE_SCHEMA_VERSION,
  type EvidenceRecord,
  type EvidenceSpool,
  type Masked,
  type Masker,
} from '@iris/evidence';
import { count, type Logger, setGauge } from '@iris/telemetry';
import { Injectable } from '@nestjs/common';
import { v7 as uuidv7 } from 'uuid';
import { isMadeId } from '../calls/made-ids.js';
import type { DecidedCall, PolicySelection, PreparedPrincipal } from '../shared/decided-call.js';
import { requestKeyOf } from '../shared/request-key.js';
import type { BreakGlassMark, RecordedRequest, RequestOutcome, ShadowDifference } from '../shared/request-outcome.js';
import { TimeSlice } from '../shared/time-slice.js';

/** The outcome of a request from whichever entry point. */
type Outcome = RequestOutcome<RecordedRequest>;

/** What the record of a call holds of its attributes. */
interface MaskedCall {
  readonly params: Masked | undefined;
  readonly others: Masked;
  readonly outputs: Masked;
  readonly paramsHash: string | undefined;
}

/** Records of a large hook are written in parts, so that they are never all in memory nor made in one turn. */
const RECORDS_AT_ONCE = 50;

/** One record per decision, in the spool before the reply leaves. */
@Injectable()
export class EvidenceService {
  private failing = false;
  private readonly masked = new WeakMap<DecidedCall, MaskedCall>();

  constructor(
    private readonly spool: EvidenceSpool,
    private readonly masker: Masker,
    private readonly policies: PolicySelection,
    private readonly onFull: 'block' | 'drop',
    private readonly logger: Logger,
    /** What is in force now. */
    private readonly inForce: () => EvidenceRecord['revisions'] = () => undefined,
  ) {}

  /** Masks decisions before they are recorded, while the PDP is asked about others. */
  async prepare(decided: readonly DecidedCall[]): Promise<void> {
    const slice = new TimeSlice();
    for (const call of decided) {
      if (slice.isOver) await slice.pause();
      this.maskedCall(call);
    }
  }

  /** Whether a decision made now can be recorded, or need not be. */
  accepting(): boolean {
    return this.spool.accepting();
  }

  /**
   * Records new decisions. A hook without any, or one with undecided calls, gets a record of its own. Never throws.
   * Resolves once all records are in the spool; those of a large hook are written over several turns of the event loop.
   *
   * @returns whether the verdict may leave: false when it could not be recorded and the setting is to block then
   */
  async record(
    outcome: Outcome,
    decided: readonly DecidedCall[],
    enforced: (decision: CallDecision) => boolean,
  ): Promise<boolean> {
    const hasOwnRecord = decided.length === 0 || outcome.failed === true;
    const total = decided.length + (hasOwnRecord ? 1 : 0);
    try {
      if (hasOwnRecord) this.spool.append([this.hookRecord(outcome)]);
      const shared = this.shared(outcome);
      await this.append(decided, (call) => this.callRecord(outcome, shared, call, enforced(call.decision)));
      count('iris.evidence.records', { outcome: 'spooled' }, total);
      this.failing = false;
      return true;
    } catch (error) {
      count('iris.evidence.records', { outcome: 'dropped' }, total);
      // Once per failure, since a full disk would otherwise fill the log.
      if (!this.failing) this.logger.error({ err: error }, 'evidence cannot be written to the spool');
      this.failing = true;
      return this.onFull === 'drop';
    } finally {
      // Without Redis nobody ships, and nobody else would say how full the spool is.
      setGauge('iris.evidence.spool_bytes', this.spool.bytes, {});
    }
  }

  /** Records where a candidate version of the policies differs. Never throws: a second opinion is no decision. */
  async recordDifferences(
    outcome: Outcome,
    differences: readonly ShadowDifference[],
    policyVersion: string,
  ): Promise<void> {
    try {
      const shared = this.shared(outcome);
      await this.append(differences, ({ decision, shadow }) => {
        const record = this.callRecord(outcome, shared, shadow, false);
        return {
          ...record,
          mode: 'shadow',
          policy: { ...record.policy, version: policyVersion },
          ...(record.replay === undefined ? {} : { replay: { ...record.replay, policyVersion } }),
          shadowOf: { policyVersion: this.policies.policyVersion, effect: decision.effect },
        };
      });
    } catch {
      count('iris.evidence.records', { outcome: 'dropped' }, differences.length);
    }
  }

  /** @throws Error when the spool takes one of the records not */
  private async append<T>(all: readonly T[], recordOf: (one: T) => EvidenceRecord): Promise<void> {
    const slice = new TimeSlice();
    let records: EvidenceRecord[] = [];
    for (const one of all) {
      records.push(recordOf(one));
      if (records.length < RECORDS_AT_ONCE && !slice.isOver) continue;
      this.spool.append(records);
      records = [];
      if (slice.isOver) await slice.pause();
    }
    this.spool.append(records);
  }

  /** Records that a break-glass switch began, or why it ended. Never throws. */
  recordSwitch(active: BreakGlassMark & { readonly reason: string }, end?: string): void {
    try {
      this.spool.append([
        {
          schema: 'iris.evidence.v1',
          schemaVersion: EVIDENCE_SCHEMA_VERSION,
          ...recordStamp(),
          event: 'break_glass',
          phase: 'none',
          hookKey: active.key,
          principal: { id: active.key, roles: [], attr: {} },
          attributeOrigins: {},
          effect: 'ALLOW',
          reason: end === undefined ? 'break_glass_started' : 'break_glass_ended',
          mode: 'observe',
          enforced: false,
          reply: 'allow',
          policy: { version: this.policies.policyVersion, rules: [], derivedRoles: [], outputs: [] },
          revisions: this.inForce(),
          breakGlass: {
            ...markOf(active),
            ...(end === undefined ? { reason: this.masker.text(active.reason) } : { end }),
          },
          durationsMs: { context: 0, pdp: 0, total: 0 },
        },
      ]);
      count('iris.evidence.records', { outcome: 'spooled' });
    } catch (error) {
      count('iris.evidence.records', { outcome: 'dropped' });
      this.logger.error({ err: error }, 'the switch cannot be written to the spool');
    }
  }

  private hookRecord(outcome: Outcome): EvidenceRecord {
    return {
      ...this.shared(outcome),
      ...recordStamp(),
      phase: 'none',
      ...switchOf(outcome),
      effect: outcome.verdict.action === 'block' ? 'DENY' : 'ALLOW',
      reason: outcome.verdict.reason,
      enforced: outcome.verdict.action !== 'allow',
      ...(outcome.request.unknownFields === undefined ? {} : { unknownFields: [...outcome.request.unknownFields] }),
      policy: { version: this.policies.policyVersion, rules: [], derivedRoles: [], outputs: [] },
    };
  }

  /** Masking works on copies, after the decision. */
  private callRecord(
    outcome: Outcome,
    shared: ReturnType<EvidenceService['shared']>,
    call: DecidedCall,
    enforced: boolean,
  ): EvidenceRecord {
    const { decision, catalogEntry } = call;
    const { policyVersion, scope, resourceKind } = call.policies ?? this.policies;
    const { params: maskedParams, others: maskedOthers, outputs: maskedOutputs, paramsHash } = this.maskedCall(call);
    const action = this.masker.text(decision.call.name);
    const maskedBesideParams = maskedOthers.changed || action !== decision.call.name;
    const maskedParamsOnly = maskedParams?.changed === true && !maskedBesideParams;
    return {
      ...shared,
      ...recordStamp(),
      mode: outcome.modeOf?.(decision) ?? outcome.mode,
      ...switchOf(outcome, decision),
      phase: decision.call.phase,
      decisionKey: decisionKey(outcome, decision, maskedParams?.value),
      callKeys: this.callKeys(outcome, call, paramsHash),
      resource: {
        kind: resourceKind,
        id: this.masker.id(decision.call.id),
        attr: { ...maskedOthers.value, ...(maskedParams === undefined ? {} : { params: maskedParams.value }) },
      },
      action,
      ...observed(maskedOthers.value, decision),
      catalogEntry,
      effect: decision.effect,
      reason: decision.reason,
      enforced,
      policy: {
        version: policyVersion,
        matched: decision.matchedPolicy,
        scope: decision.matchedScope,
        rules: [...decision.rules],
        derivedRoles: [...decision.derivedRoles],
        outputs: Array.isArray(maskedOutputs.value.outputs) ? maskedOutputs.value.outputs : [maskedOutputs.value],
        cerbosCallId: decision.cerbosCallId,
      },
      replay: {
        policyVersion,
        scope,
        masked: maskedParamsOnly || maskedBesideParams,
        ...(maskedParamsOnly ? { maskedParamsOnly } : {}),
        paramsHash,
      },
    };
  }

  private maskedCall(call: DecidedCall): MaskedCall {
    let masked = this.masked.get(call);
    if (masked === undefined) {
      const { params, ...others } = call.attr;
      masked = {
        params: isJsonObject(params) ? this.masker.parameters(params) : undefined,
        // An application names its attributes as it likes, so their keys count too.
        others: call.policies === undefined ? this.masker.attributes(others) : this.masker.parameters(others),
        outputs: this.masker.attributes({ outputs: outputsOf(call.decision) }),
        paramsHash: isJsonObject(params) ? this.masker.hash(params) : undefined,
      };
      this.masked.set(call, masked);
    }
    return masked;
  }

  /** @param paramsHash absent without parameters, which one entry point sends as none and another as an empty object */
  private callKeys(
    { request }: Outcome,
    { decision, attr }: DecidedCall,
    paramsHash = this.masker.hash({}),
  ): NonNullable<EvidenceRecord['callKeys']> {
    const principal = request.who.id;
    const { id } = decision.call;
    const tool = isJsonObject(attr.tool) ? attr.tool : {};
    const { server = null, operation = decision.call.name } = tool;
    return {
      ...(isProviderId(id) ? { id: hash('sha256', JSON.stringify([principal, id])) } : {}),
      content: this.masker.hash({ principal, server, operation, params: paramsHash }),
    };
  }

  /** An id that a client or a provider chose, bounded and masked, for records and for the log. */
  shownId(id: string | undefined): string | undefined {
    return id === undefined ? undefined : this.masker.id(id);
  }

  /** Stands for a person in the log: equal for equal logins under the hash key of the gateways. */
  shownPrincipal(id: string): string {
    return this.masker.hash({ principal: id }).slice(0, 16);
  }

  private sourcesOf({ sources }: PreparedPrincipal): EvidenceRecord['sources'] {
    return Object.fromEntries(
      Object.entries(sources).map(([id, { status, reason, ageSeconds, freshUntil, staleUntil, revision, origin }]) => [
        id,
        {
          status,
          reason,
          ageSeconds,
          freshUntil: timeText(freshUntil),
          staleUntil: timeText(staleUntil),
          revision: this.shownId(revision),
          origin,
        },
      ]),
    );
  }

  /** Facts of sources hold no secrets; what an application states of a principal may. */
  private principalAttributes({ caller }: RecordedRequest, prepared: PreparedPrincipal | undefined): JsonObject {
    const attr = prepared?.principal.attr ?? {};
    return caller === undefined ? attr : this.masker.parameters(attr).value;
  }

  /** What all records of a hook state. */
  private shared({ request, prepared, verdict, mode, wouldHave, traceId, durationsMs }: Outcome) {
    return {
      schema: 'iris.evidence.v1' as const,
      schemaVersion: EVIDENCE_SCHEMA_VERSION,
      traceId,
      revisions: this.inForce(),
      event: request.event,
      ...(request.entryPoint === undefined ? {} : { entryPoint: request.entryPoint }),
      hookKey: request.keyName,
      requestId: this.shownId(request.requestId),
      sessionId: this.shownId(request.sessionId),
      requestKey: this.masker.id(requestKeyOf(request, traceId)),
      principal: {
        id: this.masker.id(request.who.id),
        roles: [...(prepared?.principal.roles ?? [])],
        attr: this.principalAttributes(request, prepared),
      },
      ...(request.caller === undefined ? {} : { caller: { ...request.caller } }),
      ...(request.replaced === undefined ? {} : { replaced: request.replaced.map((path) => this.masker.id(path)) }),
      attributeOrigins: { ...prepared?.origins },
      ...(prepared === undefined ? {} : { sources: this.sourcesOf(prepared) }),
      mode,
      wouldHave,
      reply: verdict.action,
      durationsMs: {
        context: round(durationsMs.context),
        pdp: round(durationsMs.pdp),
        total: round(durationsMs.total),
      },
    };
  }
}

function markOf({ id, key, until, category }: BreakGlassMark): NonNullable<EvidenceRecord['breakGlass']> {
  return { id, key, until: new Date(until).toISOString(), ...(category === undefined ? {} : { category }) };
}

function switchOf({ switchOf: find }: Outcome, decision?: CallDecision): Pick<EvidenceRecord, 'breakGlass'> {
  const mark = find?.(decision);
  return mark === undefined ? {} : { breakGlass: markOf(mark) };
}

/** Without options ids of one process grow even within a ms. */
function recordStamp(): Pick<EvidenceRecord, 'id' | 'time'> {
  return { id: uuidv7(), time: new Date().toISOString() };
}

/** What the record states beside the attributes, so that a reader finds it without knowing where policies have it. */
function observed(attr: JsonObject, decision: CallDecision): Partial<EvidenceRecord> {
  const anomalies = isJsonObject(attr.tool) ? textsOf(attr.tool.anomalies) : undefined;
  return {
    ...(attr.paramsTruncated === true ? { paramsTruncated: true } : {}),
    anomalies,
    effects: effectsOf(attr, decision),
    unknownFields: textsOf(attr.unknownFields),
    permissionMode: typeof attr.permissionMode === 'string' ? attr.permissionMode : undefined,
  };
}

/** The effects with the verdict on each; masked as the attributes are. */
function effectsOf(attr: JsonObject, { effects = [] }: CallDecision): JsonObject[] | undefined {
  const listed = listedEffects(attr);
  if (listed.length === 0) return undefined;
  return listed.map((summary, index) =>
    knownFacts({ ...summary, effect: effects[index]?.effect, rules: effects[index] && [...effects[index].rules] }),
  );
}

function textsOf(value: Json | undefined): string[] | undefined {
  if (!Array.isArray(value) || value.length === 0) return undefined;
  return value.filter((element) => typeof element === 'string');
}

function outputsOf({ outputs }: CallDecision): JsonObject[] {
  return outputs.map(({ source, value }) => knownFacts({ source, value }));
}

/** Whether the model's provider gave the id, so that every entry point sees the same one. */
function isProviderId(id: string): boolean {
  return !isMadeId(id) && !id.startsWith('mcp:');
}

/** Of what is in the record anyway, so that no secret can be guessed from it. */
function decisionKey({ request }: Outcome, { call }: CallDecision, maskedParams: JsonObject | undefined): string {
  const about = [request.who.id, request.sessionId ?? '', call.id, call.name, maskedParams ?? null];
  return hash('sha256', JSON.stringify(about));
}

/** @param time epoch ms */
function timeText(time: number | undefined): string | undefined {
  const date = time === undefined ? undefined : new Date(time);
  return date === undefined || Number.isNaN(date.getTime()) ? undefined : date.toISOString();
}

function round(ms: number): number {
  return Math.round(ms * 100) / 100;
}
