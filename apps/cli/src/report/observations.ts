import { isJsonObject, type Json } from '@iris/contracts';
import type { EvidenceRecord } from '@iris/evidence';

/** How decisions of one kind came out. */
export interface Outcomes {
  allowed: number;
  /** Denied by policy and let pass: what enforcement would have stopped. */
  wouldBlock: number;
  blocked: number;
}

/** Calls that a candidate policy decides otherwise. */
export interface ShadowDifferences {
  newlyDenied: number;
  newlyAllowed: number;
}

/** What was seen of one tool. */
export interface ToolUse extends Outcomes {
  readonly tool: string;
  readonly category: string;
  readonly operation?: string;
  /** Whether an entry of the tool catalog matched. */
  readonly inCatalog: boolean;
  readonly people: NameSet;
  readonly departments: NameSet;
}

/** Calls of one tool, from one department, on one environment: what a narrow rule can be written for. */
export interface Usage {
  readonly tool: string;
  readonly category: string;
  readonly operation: string;
  readonly environment?: string;
  readonly department: string;
  calls: number;
  /** Decisions that denied, enforced or not. */
  denied: number;
  readonly people: NameSet;
}

/** How many different names of a kind are told apart; further ones are counted together, so that memory is bounded. */
const MAX_NAMES = 5000;
const OTHERS = '(others)';
const UNKNOWN = '(unknown)';
/** Over how many calls a second decision on the same call is recognised. */
const REPEAT_WINDOW = 200_000;
const HOUR_LENGTH = 'YYYY-MM-DDTHH'.length;

/** Names, at most so many. */
export class NameSet {
  private readonly names = new Set<string>();

  add(name: string): void {
    if (this.names.size < MAX_NAMES) this.names.add(name);
  }

  get size(): number {
    return this.names.size;
  }

  sorted(): string[] {
    return [...this.names].sort();
  }
}

/** What evidence shows of the use of tools. Memory is bounded by the names that occur, not by the records. */
export class Observations {
  calls = 0;
  /** Records of hooks without a tool call. */
  withoutCall = 0;
  /** Further decisions on a call that is counted already. */
  repeatedCalls = 0;
  /** Calls on which a candidate policy differs from what was decided, by tool. */
  readonly shadowDifferences = new Map<string, ShadowDifferences>();
  first?: string;
  last?: string;
  readonly tools = new Map<string, ToolUse>();
  readonly people = new Map<string, Outcomes & { department: string }>();
  readonly departments = new Map<string, Outcomes>();
  readonly categories = new Map<string, Outcomes>();
  /** By hour, as `2026-11-05T10`. */
  readonly hours = new Map<string, Outcomes>();
  /** Rules that denied, with how often. */
  readonly denyingRules = new Map<string, Outcomes>();
  /** What calls do, as `psql: database delete, production`. */
  readonly effects = new Map<string, Outcomes>();
  readonly usages = new Map<string, Usage>();
  /** How often each category was used by each department. */
  readonly matrix = new Map<string, number>();
  /** Answers of each source, by status. */
  readonly sources = new Map<string, Map<string, number>>();
  private readonly seen = new Set<string>();

  add(record: EvidenceRecord): void {
    if (record.mode === 'shadow') {
      const differences = entry(this.shadowDifferences, record.action ?? '', () => ({
        newlyDenied: 0,
        newlyAllowed: 0,
      }));
      differences[record.effect === 'DENY' ? 'newlyDenied' : 'newlyAllowed'] += 1;
      return;
    }
    if (record.resource === undefined || record.action === undefined) {
      this.withoutCall += 1;
      return;
    }
    const facts = factsOf(record);
    // Also a second decision on a call, and one about another kind of principal, shows that a rule would allow too much.
    const usage = this.usageOf(record.action, facts);
    if (usage !== undefined && record.effect === 'DENY') usage.denied += 1;
    if (this.isRepeated(record.decisionKey)) {
      this.repeatedCalls += 1;
      return;
    }
    this.addCall(record, record.action, facts);
    if (usage === undefined || record.principal.attr.kind !== 'user') return;
    usage.calls += 1;
    usage.people.add(record.principal.id);
  }

  private addCall(record: EvidenceRecord, tool: string, facts: CallFacts): void {
    this.calls += 1;
    if (this.first === undefined || record.time < this.first) this.first = record.time;
    if (this.last === undefined || record.time > this.last) this.last = record.time;
    const outcome = outcomeOf(record);
    const person = record.principal.id;
    const department = facts.department ?? UNKNOWN;

    const use = entry(this.tools, tool, (name) => ({
      ...noOutcomes(),
      tool: name,
      category: facts.category,
      operation: facts.operation,
      inCatalog: record.catalogEntry !== undefined,
      people: new NameSet(),
      departments: new NameSet(),
    }));
    use[outcome] += 1;
    use.people.add(person);
    use.departments.add(department);
    entry(this.people, person, () => ({ ...noOutcomes(), department }))[outcome] += 1;
    entry(this.departments, department, noOutcomes)[outcome] += 1;
    entry(this.categories, facts.category, noOutcomes)[outcome] += 1;
    entry(this.hours, record.time.slice(0, HOUR_LENGTH), noOutcomes)[outcome] += 1;
    increment(this.matrix, JSON.stringify([department, facts.category]));
    if (outcome !== 'allowed') {
      for (const rule of record.policy.rules.length > 0 ? record.policy.rules : [record.reason]) {
        entry(this.denyingRules, rule, noOutcomes)[outcome] += 1;
      }
    }
    this.addEffects(record, outcome);
    this.addSources(record);
  }

  /** An effect that policy denies counts with its call; one that it allows is allowed, whatever became of the call. */
  private addEffects({ effects = [] }: EvidenceRecord, outcome: keyof Outcomes): void {
    for (const each of effects) {
      if (!isJsonObject(each)) continue;
      const { program, category, operation, environment, effect } = each;
      const where = textOf(environment) ?? 'not recognised';
      const name = `${textOf(program) ?? UNKNOWN}: ${textOf(category) ?? ''} ${textOf(operation) ?? ''}, ${where}`;
      entry(this.effects, name, noOutcomes)[effect === 'DENY' ? outcome : 'allowed'] += 1;
    }
  }

  /** Undefined for a call that no rule can be suggested for, and once there are too many kinds of use. */
  private usageOf(tool: string, facts: CallFacts): Usage | undefined {
    const { category, operation, environment, department } = facts;
    if (department === undefined || operation === undefined) return undefined;
    const key = JSON.stringify([tool, category, operation, environment ?? null, department]);
    if (!this.usages.has(key) && this.usages.size >= MAX_NAMES) return undefined;
    return entry(this.usages, key, () => ({
      ...{ tool, category, operation, environment, department },
      ...{ calls: 0, denied: 0 },
      people: new NameSet(),
    }));
  }

  private addSources(record: EvidenceRecord): void {
    const { context } = record.principal.attr;
    if (!isJsonObject(context)) return;
    for (const [source, state] of Object.entries(context)) {
      const status = isJsonObject(state) ? textOf(state.status) : undefined;
      increment(
        entry(this.sources, source, () => new Map<string, number>()),
        status ?? UNKNOWN,
      );
    }
  }

  private isRepeated(key: string | undefined): boolean {
    if (key === undefined) return false;
    if (this.seen.has(key)) return true;
    this.seen.add(key);
    if (this.seen.size > REPEAT_WINDOW) {
      for (const oldest of this.seen) {
        this.seen.delete(oldest);
        break;
      }
    }
    return false;
  }
}

interface CallFacts {
  readonly category: string;
  readonly operation?: string;
  readonly environment?: string;
  readonly department?: string;
}

function factsOf({ resource, principal }: EvidenceRecord): CallFacts {
  return {
    category: textOf(resource?.attr.category) ?? 'uncategorised',
    operation: textOf(resource?.attr.operation),
    environment: textOf(resource?.attr.environment),
    department: textOf(principal.attr.department),
  };
}

function outcomeOf({ effect, enforced }: EvidenceRecord): keyof Outcomes {
  if (effect === 'ALLOW') return 'allowed';
  return enforced ? 'blocked' : 'wouldBlock';
}

function noOutcomes(): Outcomes {
  return { allowed: 0, wouldBlock: 0, blocked: 0 };
}

export function totalOf({ allowed, wouldBlock, blocked }: Outcomes): number {
  return allowed + wouldBlock + blocked;
}

function textOf(value: Json | undefined): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function entry<T>(map: Map<string, T>, name: string, make: (name: string) => T): T {
  const key = map.has(name) || map.size < MAX_NAMES ? name : OTHERS;
  let value = map.get(key);
  if (value === undefined) {
    value = make(key);
    map.set(key, value);
  }
  return value;
}

function increment(map: Map<string, number>, name: string): void {
  const key = map.has(name) || map.size < MAX_NAMES ? name : OTHERS;
  map.set(key, (map.get(key) ?? 0) + 1);
}
