import type {
  BucketCount,
  Decision,
  DecisionFilter,
  DecisionLog,
  DecisionSummary,
  Force,
  LogStatus,
  RuleHits,
} from '@iris/decision-log';
import { DecisionLogError } from '@iris/decision-log';
import type { EvidenceRecord } from '@iris/evidence';

/** A decision log in memory, for specs of what is above it. */
export class LogOfRecords implements DecisionLog {
  private readonly decisions: Decision[] = [];
  unavailable = false;

  async insert(records: readonly EvidenceRecord[]) {
    this.decisions.push(...records.map(decisionOf));
    return { inserted: records.length, repeated: 0, erased: 0 };
  }

  async list(filter: DecisionFilter, page: { cursor?: string; limit?: number } = {}) {
    this.check();
    const all = this.matching(filter).reverse();
    const start = page.cursor === undefined ? 0 : Number(page.cursor);
    if (Number.isNaN(start)) throw new RangeError('cursor has another form');
    const end = start + (page.limit ?? 100);
    return { decisions: all.slice(start, end), ...(end < all.length ? { next: String(end) } : {}) };
  }

  async counts(filter: DecisionFilter & { from: Date; to: Date }): Promise<readonly BucketCount[]> {
    this.check();
    return this.matching(filter).map(({ time, effect, force }) => ({ time, effect, force, count: 1 }));
  }

  async get(id: string) {
    this.check();
    return this.decisions.find((decision) => decision.id === id);
  }

  async since(cursor: string | undefined, filter: DecisionFilter = {}, limit = 100) {
    this.check();
    const start = cursor === undefined ? this.decisions.length : Number(cursor);
    if (Number.isNaN(start)) throw new RangeError('cursor has another form');
    const end = Math.min(this.decisions.length, start + limit);
    const wanted = new Set(this.matching(filter));
    const decisions = this.decisions.slice(start, end).filter((decision) => wanted.has(decision));
    return { decisions, cursor: String(end), more: end < this.decisions.length };
  }

  async session(id: string, page: { cursor?: string; limit?: number } = {}) {
    this.check();
    const all = this.matching({ session: [id] });
    const start = Number(page.cursor ?? 0);
    const end = start + (page.limit ?? 100);
    return { decisions: all.slice(start, end), ...(end < all.length ? { next: String(end) } : {}) };
  }

  async person(id: string) {
    this.check();
    const own = this.matching({ person: [id] }).reverse();
    const sessions = [...new Set(own.flatMap(({ session }) => session ?? []))];
    const tools = [...new Set(own.flatMap(({ tool }) => tool ?? []))];
    const lastOf = (of: (decision: Decision) => boolean) => own.find(of)?.time ?? new Date(0);
    return {
      recent: own.slice(0, 100),
      tools: tools.map((tool) => {
        const calls = own.filter((decision) => decision.tool === tool);
        const denials = calls.filter(({ effect }) => effect === 'DENY').length;
        const { server, category } = calls[0] as Decision;
        return {
          tool,
          server,
          category,
          decisions: calls.length,
          denials,
          lastSeen: lastOf((one) => one.tool === tool),
        };
      }),
      sessions: sessions.map((session) => ({
        session,
        decisions: own.filter((decision) => decision.session === session).length,
        lastSeen: lastOf((one) => one.session === session),
      })),
    };
  }

  async rules(window: { from: Date; to: Date }): Promise<readonly RuleHits[]> {
    this.check();
    const hits = new Map<string, Record<Force, { hits: number; denials: number }> & { lastHit: Date }>();
    for (const { rules, force, effect, time } of this.matching(window)) {
      for (const rule of rules) {
        const none = () => ({ hits: 0, denials: 0 });
        const own = hits.get(rule) ?? { enforced: none(), observed: none(), shadow: none(), lastHit: time };
        own[force].hits += 1;
        if (effect === 'DENY') own[force].denials += 1;
        hits.set(rule, { ...own, lastHit: time });
      }
    }
    return [...hits].map(([rule, own]) => ({ rule, ...own }));
  }

  async *window(filter: DecisionFilter) {
    this.check();
    for (const { record } of this.matching(filter)) yield record;
  }

  async values(field: string, window: { from: Date; to: Date }) {
    this.check();
    const counts = new Map<string, number>();
    for (const decision of this.matching(window)) {
      const values = [decision[VALUES[field] ?? 'tool']].flat() as (string | undefined)[];
      for (const value of values) if (value !== undefined) counts.set(value, (counts.get(value) ?? 0) + 1);
    }
    return [...counts].map(([value, count]) => ({ value, count }));
  }

  async status(): Promise<LogStatus> {
    this.check();
    return { migration: 'memory', partitions: [], rows: this.decisions.length, bytes: 0 };
  }

  async close() {}

  private check(): void {
    if (this.unavailable) throw new DecisionLogError('there is no connection');
  }

  private matching(filter: DecisionFilter): Decision[] {
    return this.decisions.filter((decision) => {
      const { from, to, ...fields } = filter;
      if (from !== undefined && decision.time < from) return false;
      if (to !== undefined && decision.time >= to) return false;
      return Object.entries(fields).every(([field, wanted]) => {
        if (wanted === undefined) return true;
        const values = [decision[VALUES[field] ?? (field as keyof DecisionSummary)]].flat();
        return (wanted as readonly string[]).some((value) => values.includes(value));
      });
    });
  }
}

/** Fields of a line by the names of filters. */
const VALUES: Readonly<Record<string, keyof DecisionSummary>> = { rule: 'rules', source: 'sources' };

function decisionOf(record: EvidenceRecord): Decision {
  const attr: Record<string, unknown> = record.resource?.attr ?? {};
  const tool = attr.tool as { server?: string } | undefined;
  return {
    id: record.id,
    time: new Date(record.time),
    person: record.principal.id,
    tool: record.action,
    server: tool?.server,
    category: typeof attr.category === 'string' ? attr.category : undefined,
    effect: record.effect,
    reason: record.reason,
    force: record.mode === 'shadow' ? 'shadow' : record.enforced ? 'enforced' : 'observed',
    reply: record.reply,
    wouldHave: record.wouldHave,
    rules: record.policy.rules,
    sources: Object.entries(record.sources ?? {}).map(([source, { status }]) => `${source}:${status}`),
    session: record.sessionId,
    event: record.event,
    phase: record.phase,
    entryPoint: 'gateway',
    caller: record.hookKey,
    traceId: record.traceId,
    decisionKey: record.decisionKey,
    totalMs: record.durationsMs.total,
    erased: record.erased !== undefined,
    record,
  };
}
