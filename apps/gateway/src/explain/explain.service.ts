import type { CallDecision, ContextStatus, Hook, Identity, JsonObject, ReasonId, ToolCall } from '@iris/contracts';
import type {
  Budget,
  ContextService,
  DecidedCall,
  DecisionService,
  Mode,
  Modes,
  PreparedPrincipal,
  ResourceFactsByPart,
  ToolPlans,
} from '@iris/decision';
import { PdpError } from '@iris/pdp';
import type { Catalog, EnvironmentClue } from '@iris/tool-catalog';
import { type PdpWatch } from '../health/pdp-watch.js';
import { identify } from '../hook/identity.js';
import { type IncomingHook } from '../hook/read-hook.js';
import { type HookReader } from '../pipeline/hook-reader.js';
import { type HookCalls } from '../tool-calls/index.js';

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

/** The hook cannot be explained. */
export class NotExplainable extends Error {
  override readonly name = 'NotExplainable';
  constructor(
    readonly reason: ReasonId,
    message: string,
  ) {
    super(message);
  }
}

export interface ExplainOptions {
  readonly modes: Modes;
  readonly catalog: Catalog;
}

/** Answers what-if questions with the stages that decide hooks: the same facts, the same question to the PDP. */
export class ExplainService {
  constructor(
    private readonly reader: HookReader,
    private readonly context: ContextService,
    private readonly decision: DecisionService,
    private readonly plans: ToolPlans,
    private readonly pdpWatch: Pick<PdpWatch, 'revision'>,
    private readonly options: ExplainOptions,
  ) {}

  /** @throws NotExplainable when the hook cannot be read, or the PDP gives no decision */
  async explain(incoming: IncomingHook, budget: Budget, signal: AbortSignal): Promise<Explanation> {
    const read = await this.reader.read(incoming, signal);
    if (!read.ok) throw new NotExplainable(read.reason, read.detail);
    const { hook, calls } = read;
    if (calls.status === 'nothing_to_evaluate') {
      throw new NotExplainable(calls.status, 'the hook carries neither a request body nor tool calls');
    }
    if (calls.status === 'unreadable')
      throw new NotExplainable(calls.reason, 'the body has a format that is not known');

    const identity = identify(hook.data);
    const { principal, cmdb } = await this.context.gather(identity, Promise.resolve(calls.calls), budget, signal);
    const prepared = this.decision.prepare(principal);
    const { decided, stripped } = await this.decide(hook, prepared, calls, cmdb, budget);
    return {
      event: hook.event,
      mode: this.options.modes.ofEvent(hook.event),
      principal: { ...prepared.principal, kind: identity.kind },
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
    hook: Hook,
    prepared: PreparedPrincipal,
    calls: Extract<HookCalls, { status: 'read' }>,
    cmdb: ResourceFactsByPart,
    budget: Budget,
  ): Promise<{ decided: DecidedCall[]; stripped: string[] }> {
    const timeoutMs = Math.max(1, budget.remainingMs());
    try {
      const [decided, strip] = await Promise.all([
        this.decision.decide(hook, prepared, calls.calls, cmdb, timeoutMs, undefined),
        this.plans.alwaysDenied(hook, prepared, calls.declared, this.pdpWatch.revision, timeoutMs),
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
