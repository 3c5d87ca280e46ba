import type { PersonTools } from '@iris/console-api';
import type { JsonObject } from '@iris/contracts';
import type { DecisionLog } from '@iris/decision-log';
import type { EvidenceRecord } from '@iris/evidence';
import { type Pdp, type PdpPrincipal, toAttributes } from '@iris/pdp';
import type { Catalog } from '@iris/tool-catalog';
import { boundedText } from '../http/bounded-text.js';
import type { ContextNow } from './context-now.js';

/** Most tools that are asked about, plans at once, and the time of one in ms. */
const MAX_TOOLS = 60;
const AT_ONCE = 4;
const PLAN_MS = 3000;
/** Tools of everybody are those of so many days, in ms. */
const SEEN_MS = 7 * 86_400_000;

const ANSWERS = { ALWAYS_ALLOWED: 'allowed', ALWAYS_DENIED: 'never', CONDITIONAL: 'conditional' } as const;

export interface PolicySelection {
  readonly resourceKind: string;
  readonly policyVersion: string;
  readonly scope: string;
}

/** What a person may call, by the plans of the PDP over the tools that the log has seen. */
export class ToolsOfPerson {
  constructor(
    private readonly log: DecisionLog,
    private readonly pdp: Pick<Pdp, 'plan'>,
    private readonly catalog: Catalog,
    private readonly context: ContextNow,
    private readonly selection: PolicySelection,
  ) {}

  /** @throws DecisionLogError; PdpError */
  async read(person: string): Promise<PersonTools> {
    const view = await this.log.person(person);
    const newest = view.recent.find(({ tool, erased, force }) => tool !== undefined && !erased && force !== 'shadow');
    const record = newest === undefined ? undefined : (await this.log.get(newest.id))?.record;
    if (record === undefined || record.principal.roles.length === 0) {
      return { status: 'no_decision', tools: [], complete: true };
    }
    const seen = await this.toolsSeen(view.tools.map(({ tool, decisions }) => ({ tool, calls: decisions })));
    const now = await this.context.principalAttributes(record);
    const principal = {
      id: record.principal.id,
      roles: record.principal.roles,
      attr: now ?? (record.principal.attr as JsonObject),
    };
    const asked = seen.slice(0, MAX_TOOLS);
    const tools: PersonTools['tools'] = [];
    for (let at = 0; at < asked.length; at += AT_ONCE) {
      tools.push(
        ...(await Promise.all(asked.slice(at, at + AT_ONCE).map((tool) => this.plan(principal, record, tool)))),
      );
    }
    return {
      status: 'ok',
      ...(now === undefined ? { factsFrom: record.time } : {}),
      tools,
      complete: seen.length <= MAX_TOOLS,
    };
  }

  /** The person's own tools first, then those that others called. */
  private async toolsSeen(own: readonly { tool: string; calls: number }[]): Promise<{ tool: string; calls: number }[]> {
    const to = new Date();
    const others = await this.log.values('tool', { from: new Date(to.getTime() - SEEN_MS), to });
    const known = new Set(own.map(({ tool }) => tool));
    return [...own, ...others.filter(({ value }) => !known.has(value)).map(({ value }) => ({ tool: value, calls: 0 }))];
  }

  private async plan(
    principal: PdpPrincipal,
    record: EvidenceRecord,
    { tool: name, calls }: { readonly tool: string; readonly calls: number },
  ): Promise<PersonTools['tools'][number]> {
    const { tool, classification } = this.catalog.classify({ name });
    const { category, system, operation, environment } = classification;
    const { client, userAgent } = (record.resource?.attr ?? {}) as JsonObject;
    const { resourceKind, policyVersion, scope } = this.selection;
    const kind = await this.pdp.plan(
      {
        principal,
        kind: resourceKind,
        action: name || '(empty)',
        attr: toAttributes({ tool, category, system, operation, environment, phase: 'requested', client, userAgent }),
        policyVersion,
        scope,
        requestId: `person: ${record.id}`,
      },
      { timeoutMs: PLAN_MS },
    );
    return {
      tool: boundedText(name),
      server: tool.server && boundedText(tool.server),
      category,
      answer: ANSWERS[kind],
      calls,
    };
  }
}
