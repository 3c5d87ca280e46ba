import { ContextReader, type ContextReading } from '@iris/context-cache';
import type {
  Identity,
  JsonObject,
  ReasonId,
  ResourceRef,
  SourceAnswer,
  SourceId,
  Subject,
  ToolCall,
} from '@iris/contracts';
import type { Catalog } from '@iris/tool-catalog';
import { Budget } from '../../shared/budget.js';
import type { ConfiguredSource } from '../configured-sources.js';
import { ContextService } from '../context.service.js';

export const FRESH_MS = 60_000;
export const STALE_MS = 600_000;
export const BUDGET_MS = 1000;
export const BUDGET_PERCENT = 60;

export const ANA: Identity = { kind: 'user', id: 'ana@acme.example', loginName: 'ana@acme.example', nodeId: 'n1' };
export const BEN: Identity = { kind: 'user', id: 'ben@acme.example', loginName: 'ben@acme.example', nodeId: 'n1' };
export const NOBODY: Identity = { kind: 'anonymous', id: 'anonymous' };

/** Facts that were read so long ago. */
export function answer(ageMs: number, changes: Partial<SourceAnswer> = {}): SourceAnswer {
  const observedAt = Date.now() - ageMs;
  return {
    status: 'FOUND',
    attributes: { department: 'Finance' },
    observedAt,
    freshUntil: observedAt + FRESH_MS,
    staleUntil: observedAt + STALE_MS,
    ...changes,
  };
}

export function unavailable(reason: ReasonId): SourceAnswer {
  return { status: 'UNAVAILABLE', attributes: {}, observedAt: 0, freshUntil: 0, staleUntil: 0, reason };
}

/** A call on the databases `hosts`, separated by commas; one without acts on an unknown database. */
export function query(hosts?: string, id = hosts ?? 'unknown'): ToolCall {
  const params: JsonObject = hosts === undefined ? {} : { hosts };
  return { id, name: 'query', phase: 'executed', paramsStatus: 'ok', params };
}

const catalog = {
  classify: ({ params }: ToolCall) => ({
    targetKind: 'database',
    resources: typeof params?.hosts === 'string' ? params.hosts.split(',').map((id) => ({ kind: 'database', id })) : [],
  }),
} as unknown as Catalog;

/** What Redis holds of a principal or a resource: the answers by field. */
export type Held = Readonly<Partial<Record<string, SourceAnswer>>> | 'unavailable';

/** The copies in memory are real; what is not in them is read from `redis`. */
class ReaderOfFakeRedis extends ContextReader {
  constructor(private readonly held: (about: string) => Held) {
    super({ maxKeys: 100, l1Ms: 1000 });
  }

  override async read(principal: string): Promise<ContextReading> {
    return this.#reading(principal, await super.read(principal));
  }

  override async readResource(resource: ResourceRef): Promise<ContextReading> {
    return this.#reading(resource.id, await super.readResource(resource));
  }

  #reading(about: string, copy: ContextReading): ContextReading {
    const held = copy.entries.size > 0 ? 'unavailable' : this.held(about);
    if (held === 'unavailable') return copy;
    const entries = Object.entries(held).flatMap(([field, entry]): [string, SourceAnswer][] =>
      entry === undefined ? [] : [[field, entry]],
    );
    return { entries: new Map(entries), origin: 'redis', redis: 'ok' };
  }
}

interface Question {
  readonly source: SourceId;
  readonly key: string;
  readonly subject: Subject;
  readonly resource?: ResourceRef;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** A context service with a fake at each of its ports, and three sources: Okta, ServiceNow and Tailscale. */
export class ContextPorts {
  readonly asked: Question[] = [];
  readonly refreshes: { readonly source: SourceId; readonly principal: string; readonly resource?: ResourceRef }[] = [];
  /** The answer of a source. */
  ask: (question: Question) => Promise<SourceAnswer> = async () => answer(0);
  redis: (about: string) => Held = () => ({});
  readonly #service: ContextService;

  constructor() {
    const queue = {
      ask: async (source: SourceId, { principal }: Subject, resource?: ResourceRef) => {
        this.refreshes.push({ source, principal, ...(resource && { resource }) });
        return 'asked' as const;
      },
    };
    this.#service = new ContextService(
      new ReaderOfFakeRedis((about) => this.redis(about)),
      [
        this.#source('okta', 'login'),
        this.#source('servicenow', 'login', ['database']),
        this.#source('tailscale', 'node'),
      ],
      catalog,
      { checked: () => [] },
      queue,
      { roles: { fromGroups: { Admins: ['admin'] }, capability: 'iris.dev/cap/roles' }, budgetPercent: BUDGET_PERCENT },
    );
  }

  gather(
    identity = ANA,
    calls: readonly ToolCall[] = [],
    budget = new Budget(BUDGET_MS),
    signal = new AbortController().signal,
  ) {
    return this.#service.gather(identity, Promise.resolve(calls), budget, signal);
  }

  async factsOf(id: SourceId, identity = ANA) {
    return (await this.gather(identity)).principal.sources[id];
  }

  /** How often a source was asked. */
  timesAsked(id: SourceId): number {
    return this.asked.filter(({ source }) => source === id).length;
  }

  #source(id: SourceId, subject: 'login' | 'node', resources: readonly string[] = []): ConfiguredSource {
    const enrich = async (
      key: string,
      about: { readonly subject: Subject; readonly resource?: ResourceRef },
      timeoutMs: number,
      signal: AbortSignal,
    ) => {
      const question = { source: id, key, ...about, timeoutMs, signal };
      this.asked.push(question);
      return timeoutMs <= 0 ? unavailable('source_timeout') : this.ask(question);
    };
    return { id, settings: { subject, resources }, client: { enrich } } as unknown as ConfiguredSource;
  }
}
