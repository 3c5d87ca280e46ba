import { hash } from 'node:crypto';
import type { RedisConnection } from '@iris/context-cache';
import type { CallDecision, ReasonId, ToolCall } from '@iris/contracts';
import { isReasonId } from '@iris/contracts';
import { LRUCache } from 'lru-cache';
import { z } from 'zod';
import { TimeSlice } from '../shared/time-slice.js';
import type { VerdictKey, VerdictKeys, VerdictScope } from './verdict-keys.js';

const storedSchema = z.object({
  /** Digest of the call's content. */
  content: z.string(),
  /** Digest of the result; absent while no result of the call was seen. */
  result: z.string().optional(),
  effect: z.enum(['ALLOW', 'DENY']),
  reason: z.string().refine((text): text is ReasonId => isReasonId(text)),
  message: z.string().optional(),
  statusCode: z.number().optional(),
  observe: z.boolean(),
  rules: z.array(z.string()),
  /** Categories of what was denied. */
  deniedCategories: z.array(z.string()).optional(),
  revision: z.string(),
  /** When it was decided, epoch ms. */
  decidedAt: z.number(),
});

/** A verdict as it is remembered. */
export type RememberedVerdict = z.infer<typeof storedSchema>;

/**
 * Keeps verdicts as one command, with the key's life: a session whose life was not set would stay for ever. A session
 * that holds more verdicts than the limit starts again, which costs checks.
 * KEYS: hash. ARGV: life in s, most fields, then fields and texts.
 */
const REMEMBER = `
if redis.call('HLEN', KEYS[1]) > tonumber(ARGV[2]) then redis.call('UNLINK', KEYS[1]) end
redis.call('HSET', KEYS[1], unpack(ARGV, 3))
redis.call('EXPIRE', KEYS[1], ARGV[1])
`;
const MAX_FIELDS_PER_SESSION = 20_000;
/** Lua's `unpack` takes some thousands of values, and a single read must not hold Redis up. */
const MAX_FIELDS_PER_COMMAND = 500;

/** Refusals that end with a change of the configuration or with the next request, so they are never remembered. */
const NOT_REMEMBERED: ReadonlySet<ReasonId> = new Set(['call_too_large', 'call_too_complex', 'attributes_rejected']);

export interface VerdictMemoryOptions {
  readonly redis?: RedisConnection;
  /** For how long a verdict is remembered after it was given, in s. */
  readonly ttlSeconds: number;
  /** How many verdicts are kept in memory. */
  readonly maxEntries: number;
  /** `keep`: a verdict stays valid after a policy change; `recheck`: only for the policy revision it was made by. */
  readonly onPolicyChange: 'keep' | 'recheck';
}

/**
 * The verdicts on the calls of a session. Agents resend the whole history, so a verdict that is remembered makes each
 * redaction the same on every later turn, and only new calls are checked.
 *
 * A verdict is reused only for the same call (id, name, server, parameters) with the same result. A verdict that was
 * given before there was a result, after a response, covers the first result that comes, and no other one. Its life is
 * counted from the decision. Lost memory means that a call is checked again, never that it is allowed. Never throws.
 */
export class VerdictMemory {
  private readonly local: LRUCache<string, RememberedVerdict>;

  constructor(private readonly options: VerdictMemoryOptions) {
    this.local = new LRUCache({ max: options.maxEntries, ttl: options.ttlSeconds * 1000 });
  }

  /** The remembered verdicts of these calls; none without a scope. What is found under one name is kept under all. */
  async recall(
    scope: VerdictScope | undefined,
    calls: ReadonlyMap<ToolCall, VerdictKeys>,
    revision: string,
  ): Promise<Map<ToolCall, RememberedVerdict>> {
    const found = new Map<ToolCall, RememberedVerdict>();
    if (scope === undefined) return found;
    const adopted: [VerdictKey, RememberedVerdict][] = [];
    const missing: [ToolCall, readonly VerdictKey[]][] = [];
    const slice = new TimeSlice();
    for (const [call, { names, recalled }] of calls) {
      if (slice.isOver) await slice.pause();
      if (!recalled) continue;
      const kept = names.map((name) => this.local.get(localKey(scope, name)));
      if (!this.take(found, adopted, call, names, kept, revision)) missing.push([call, names]);
    }
    const wanted = missing.flatMap(([, names]) => names);
    const stored = await this.read(scope, wanted);
    for (const [call, names] of missing) {
      if (slice.isOver) await slice.pause();
      const kept = names.map((name) => stored.get(name));
      this.take(found, adopted, call, names, kept, revision);
    }
    this.write(scope, adopted);
    return found;
  }

  /** Remembers verdicts, here at once and in Redis without waiting for it. */
  remember(
    scope: VerdictScope | undefined,
    decisions: readonly CallDecision[],
    names: ReadonlyMap<ToolCall, VerdictKeys>,
    revision: string,
  ): void {
    if (scope === undefined) return;
    const decidedAt = Date.now();
    this.write(
      scope,
      decisions
        .filter(({ reason }) => !NOT_REMEMBERED.has(reason))
        .flatMap((decision) =>
          (names.get(decision.call)?.names ?? []).map((name): [VerdictKey, RememberedVerdict] => [
            name,
            {
              content: name.content,
              result: decision.call.resultDigest,
              effect: decision.effect,
              reason: decision.reason,
              message: decision.message,
              statusCode: decision.statusCode,
              observe: decision.observe,
              rules: [...decision.rules],
              deniedCategories: decision.deniedCategories && [...decision.deniedCategories],
              revision,
              decidedAt,
            },
          ]),
        ),
    );
  }

  /** @returns whether one of the verdicts that are kept under the names of a call covers the call */
  private take(
    found: Map<ToolCall, RememberedVerdict>,
    adopted: [VerdictKey, RememberedVerdict][],
    call: ToolCall,
    names: readonly VerdictKey[],
    kept: readonly (RememberedVerdict | undefined)[],
    revision: string,
  ): boolean {
    const verdict = kept.find((candidate, index) => this.covers(candidate, call, names[index], revision));
    if (verdict === undefined) return false;
    found.set(call, verdict);
    const result = verdict.result ?? call.resultDigest;
    names.forEach((name, index) => {
      const known = kept[index];
      if (known === verdict && verdict.result === result) return;
      // Of a call that stays on the provider's side the content is not known here.
      const content = call.callVisible === false ? verdict.content : name.content;
      if (known?.content !== content || known.result !== result) adopted.push([name, { ...verdict, content, result }]);
    });
    return true;
  }

  private covers(
    verdict: RememberedVerdict | undefined,
    call: ToolCall,
    name: VerdictKey | undefined,
    revision: string,
  ): verdict is RememberedVerdict {
    if (verdict === undefined || name === undefined) return false;
    const ageMs = Date.now() - verdict.decidedAt;
    // A clock that went back must not lengthen a life.
    if (Math.abs(ageMs) >= this.options.ttlSeconds * 1000) return false;
    if (this.options.onPolicyChange === 'recheck' && verdict.revision !== revision) return false;
    if (call.callVisible !== false && verdict.content !== name.content) return false;
    if (call.phase !== 'executed') return true;
    return call.resultDigest !== undefined && (verdict.result ?? call.resultDigest) === call.resultDigest;
  }

  private async read(
    scope: VerdictScope,
    names: readonly VerdictKey[],
  ): Promise<ReadonlyMap<VerdictKey, RememberedVerdict>> {
    const stored = new Map<VerdictKey, RememberedVerdict>();
    const { redis } = this.options;
    if (names.length === 0 || redis?.status !== 'ready') return stored;
    try {
      const parts = partsOf(names, MAX_FIELDS_PER_COMMAND);
      const texts = await Promise.all(parts.map((part) => redis.hmget(redisKey(scope), ...part.map(fieldOf))));
      const slice = new TimeSlice();
      for (const [index, text] of texts.flat().entries()) {
        if (slice.isOver) await slice.pause();
        const verdict = decode(text);
        const name = names[index];
        if (verdict === undefined || name === undefined) continue;
        stored.set(name, verdict);
        this.local.set(localKey(scope, name), verdict);
      }
    } catch {
      // Without the memory the calls are checked again.
    }
    return stored;
  }

  private write(scope: VerdictScope, verdicts: readonly (readonly [VerdictKey, RememberedVerdict])[]): void {
    for (const [name, verdict] of verdicts) this.local.set(localKey(scope, name), verdict);
    const { redis, ttlSeconds } = this.options;
    if (redis?.status !== 'ready') return;
    for (const part of partsOf(verdicts, MAX_FIELDS_PER_COMMAND)) {
      const fields = part.flatMap(([name, verdict]) => [fieldOf(name), JSON.stringify(verdict)]);
      redis.eval(REMEMBER, 1, redisKey(scope), ttlSeconds, MAX_FIELDS_PER_SESSION, ...fields).catch(() => undefined);
    }
  }
}

/** A remembered verdict as a decision on the call at hand. */
export function toRememberedDecision(call: ToolCall, verdict: RememberedVerdict): CallDecision {
  return {
    call,
    effect: verdict.effect,
    reason: verdict.reason,
    message: verdict.message,
    statusCode: verdict.statusCode,
    observe: verdict.observe,
    rules: verdict.rules,
    deniedCategories: verdict.deniedCategories,
    derivedRoles: [],
    outputs: [],
  };
}

function redisKey(scope: VerdictScope): string {
  return `iris:verdict:v2:{${scope}}`;
}

/** Some providers carry payload in their ids, so a long id is kept as its hash. */
function fieldOf({ id }: VerdictKey): string {
  return id.length <= 64 ? id : `sha256:${hash('sha256', id, 'base64url')}`;
}

function localKey(scope: VerdictScope, name: VerdictKey): string {
  return `${scope}\n${fieldOf(name)}`;
}

function partsOf<T>(all: readonly T[], size: number): T[][] {
  const parts: T[][] = [];
  for (let at = 0; at < all.length; at += size) parts.push(all.slice(at, at + size));
  return parts;
}

function decode(text: string | null | undefined): RememberedVerdict | undefined {
  if (text === null || text === undefined) return undefined;
  try {
    const parsed = storedSchema.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}
