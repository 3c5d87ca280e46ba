import type { CallDecision, ContextStatus, Hook, Identity, JsonObject, ReasonId, ToolCall } from '@iris/contracts';
import type {
  Budget,
  ContextService,
  DecidedCall,
  DecisionRequest,
  DecisionService,
  Mode,
  Modes,
  PreparedPrincipal,
  ResourceFactsByPart,
  ToolPlans,
} from '@iris/decision';
import { PolicyRevision } from '@iris/decision';
import { PdpError } from '@iris/pdp';
import type { Catalog, EnvironmentClue } from '@iris/tool-catalog';
import { Explainer, NotExplainable } from '../protocol/explainer.js';
import type { ReadCalls } from '../protocol/hook-calls.js';
import { HookReader } from '../protocol/hook-reader.js';
import type { IncomingHook } from '../protocol/incoming-hook.js';

/** What the gateway would decide on a hook, and from which facts. Nothing is enforced, remembered or recorded. */
export interface Explanation {
  readonly event: string;
  /** Of the hook; a call may have its own. */
  readonly mode: Mode;
  readonly principal: {
    readonly id: string;
    readonly kind: Identity['kind'];
    readonly roles: readonly string[];
    /** What the PDP was given. */
    readonly attr: JsonObject;
  };
  /** Which source gave each flattened attribute, and its age in s. */
  readonly attributeOrigins: PreparedPrincipal['origins'];
  readonly sources: Readonly<Record<string, ExplainedSource>>;
  readonly calls: readonly ExplainedCall[];
  /** Keys of the declared tools that would be removed from the request. */
  readonly stripped: readonly string[];
}

interface ExplainedSource {
  readonly status: ContextStatus;
  /** `l1`, `redis` or `source`: where the facts were found. */
  readonly origin: string;
  readonly ageSeconds?: number;
  readonly reason?: ReasonId;
}

type ExplainedCall = Omit<CallDecision, 'call'> & {
  readonly id: string;
  readonly tool: string;
  readonly phase: ToolCall['phase'];
  readonly mode: Mode;
  readonly catalogEntry?: string;
  /** What was looked at to tell the environment. */
  readonly clues: readonly EnvironmentClue[];
  /** What the PDP was given about the call. */
  readonly attr: JsonObject;
};

export interface ExplainOptions {
  readonly modes: Modes;
  readonly catalog: Catalog;
}

/** Answers what-if questions with the stages that decide hooks: the same facts, the same question to the PDP. */
export class ExplainService extends Explainer {
  constructor(
    private readonly reader: HookReader,
    private readonly requestOf: (hook: Hook) => DecisionRequest,
    private readonly context: Pick<ContextService, 'gather'>,
    private readonly decision: Pick<DecisionService, 'prepare' | 'decide'>,
    private readonly plans: Pick<ToolPlans, 'alwaysDenied'>,
    private readonly policies: Pick<PolicyRevision, 'revision'>,
    private readonly options: ExplainOptions,
  ) {
    super();
  }

  async explain(incoming: IncomingHook, budget: Budget, signal: AbortSignal): Promise<Explanation> {
    const read = await this.reader.read(incoming, signal);
    if (!read.ok) throw new NotExplainable(read.reason, read.detail);
    const { hook, calls } = read;
    if (calls.status === 'nothing_to_evaluate') {
      throw new NotExplainable(calls.status, 'the hook carries neither a request body nor tool calls');
    }
    if (calls.status === 'unreadable')
      throw new NotExplainable(calls.reason, 'the body has a format that is not known');

    const request = this.requestOf(hook);
    const { principal, cmdb } = await this.context.gather(request.who, Promise.resolve(calls.calls), budget, signal);
    const prepared = this.decision.prepare(principal);
    const { decided, stripped } = await this.decide(request, prepared, calls, cmdb, budget);
    return {
      event: hook.event,
      mode: this.options.modes.ofEvent(hook.event),
      principal: { ...prepared.principal, kind: request.who.kind },
      attributeOrigins: prepared.origins,
      sources: Object.fromEntries(
        Object.entries(principal.sources).map(([id, { status, origin, ageSeconds, reason }]) => [
          id,
          { status, origin, ageSeconds, reason },
        ]),
      ),
      calls: decided.map((call) => ({
        ...explained(call, this.options.modes.ofDecision(hook.event, call.decision)),
        clues: this.options.catalog.classify(call.decision.call).clues,
      })),
      stripped,
    };
  }

  private async decide(
    request: DecisionRequest,
    prepared: PreparedPrincipal,
    calls: ReadCalls,
    cmdb: ResourceFactsByPart,
    budget: Budget,
  ): Promise<{ decided: DecidedCall[]; stripped: string[] }> {
    const timeoutMs = Math.max(1, budget.remainingMs());
    try {
      const [decided, strip] = await Promise.all([
        this.decision.decide(request, prepared, calls.calls, cmdb, timeoutMs, undefined),
        this.plans.alwaysDenied(request, prepared, calls.declared, this.policies.revision, timeoutMs),
      ]);
      return { decided, stripped: [...strip] };
    } catch (error) {
      if (error instanceof PdpError) throw new NotExplainable(error.reason, error.message);
      throw error;
    }
  }
}

function explained({ decision, attr, catalogEntry }: DecidedCall, mode: Mode): Omit<ExplainedCall, 'clues'> {
  const { call, ...rest } = decision;
  return { id: call.id, tool: call.name, phase: call.phase, mode, catalogEntry, attr, ...rest };
}
