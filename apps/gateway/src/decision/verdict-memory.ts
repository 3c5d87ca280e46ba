import { createHash } from 'node:crypto';
import type { RedisConnection } from '@iris/context-cache';
import type { CallDecision, ReasonId, ToolCall } from '@iris/contracts';
import { isReasonId } from '@iris/contracts';
import { LRUCache } from 'lru-cache';
import { z } from 'zod';

const storedSchema = z.object({
  digest: z.string(),
  name: z.string(),
  effect: z.enum(['ALLOW', 'DENY']),
  reason: z.string().refine((text): text is ReasonId => isReasonId(text)),
  message: z.string().optional(),
  statusCode: z.number().optional(),
  observe: z.boolean(),
  rules: z.array(z.string()),
  revision: z.string(),
});

/**
 * Keeps verdicts and their life as one command: a session whose life was not set would stay for ever.
 * KEYS: hash. ARGV: life in s, then fields and texts.
 */
const REMEMBER = `
redis.call('HSET', KEYS[1], unpack(ARGV, 2))
redis.call('EXPIRE', KEYS[1], ARGV[1])
`;
/** Lua's `unpack` takes some thousands of values. */
const MAX_FIELDS = 1000;

/** The name of a call of which only the id is known. */
const UNKNOWN_TOOL = 'unknown';

/** A verdict as it is remembered. */
export type RememberedVerdict = z.infer<typeof storedSchema>;

/** Whose calls: ids are unique only inside a session of a principal. */
export interface VerdictScope {
  readonly principal: string;
  readonly session: string;
}

export interface VerdictMemoryOptions {
  readonly redis?: RedisConnection;
  /** For how long a verdict is remembered after its session's last new call, in s. */
  readonly lifeSeconds: number;
  /** How many verdicts are kept in memory. */
  readonly maxEntries: number;
  /** `keep`: a verdict stands, also after a policy change; `recheck`: only for the policy revision it was made by. */
  readonly onPolicyChange: 'keep' | 'recheck';
}

/**
 * The verdicts on the calls of a session. Agents resend the whole history, so a verdict that is remembered makes each
 * redaction the same on every later turn, and only new calls are checked. A verdict is reused only for the very same
 * name and parameters. Lost memory means that a call is checked again, never that it is allowed. Never throws.
 */
export class VerdictMemory {
  private readonly local: LRUCache<string, RememberedVerdict>;

  constructor(private readonly options: VerdictMemoryOptions) {
    this.local = new LRUCache({ max: options.maxEntries, ttl: options.lifeSeconds * 1000 });
  }

  /** The remembered verdicts of these calls, by call; none without a scope. */
  async recall(
    scope: VerdictScope | undefined,
    calls: readonly ToolCall[],
    revision: string,
  ): Promise<Map<ToolCall, RememberedVerdict>> {
    const found = new Map<ToolCall, RememberedVerdict>();
    if (scope === undefined) return found;
    const missing: ToolCall[] = [];
    for (const call of calls) {
      const verdict = this.local.get(localKey(scope, call.id));
      if (verdict === undefined) missing.push(call);
      else this.take(found, call, verdict, revision);
    }
    const { redis } = this.options;
    if (missing.length === 0 || redis?.status !== 'ready') return found;
    try {
      const texts = await redis.hmget(redisKey(scope), ...missing.map((call) => fieldOf(call.id)));
      missing.forEach((call, index) => {
        const verdict = decode(texts[index]);
        if (verdict === undefined) return;
        this.local.set(localKey(scope, call.id), verdict);
        this.take(found, call, verdict, revision);
      });
    } catch {
      // Without the memory the calls are checked again.
    }
    return found;
  }

  /** Remembers verdicts, here at once and in Redis without waiting for it. */
  remember(scope: VerdictScope | undefined, decisions: readonly CallDecision[], revision: string): void {
    if (scope === undefined || decisions.length === 0) return;
    const fields: string[] = [];
    for (const decision of decisions) {
      const verdict: RememberedVerdict = {
        digest: digestOf(decision.call),
        name: decision.call.name,
        effect: decision.effect,
        reason: decision.reason,
        message: decision.message,
        statusCode: decision.statusCode,
        observe: decision.observe,
        rules: [...decision.rules],
        revision,
      };
      this.local.set(localKey(scope, decision.call.id), verdict);
      fields.push(fieldOf(decision.call.id), JSON.stringify(verdict));
    }
    const { redis, lifeSeconds } = this.options;
    if (redis?.status !== 'ready') return;
    const key = redisKey(scope);
    for (let at = 0; at < fields.length; at += MAX_FIELDS) {
      redis.eval(REMEMBER, 1, key, lifeSeconds, ...fields.slice(at, at + MAX_FIELDS)).catch(() => undefined);
    }
  }

  private take(
    found: Map<ToolCall, RememberedVerdict>,
    call: ToolCall,
    verdict: RememberedVerdict,
    revision: string,
  ): void {
    // Of a call that stands on the provider's side only the id is known here; its event told the rest.
    const onlyId = call.name === UNKNOWN_TOOL;
    if (!onlyId && verdict.digest !== digestOf(call)) return;
    if (this.options.onPolicyChange === 'recheck' && verdict.revision !== revision) return;
    found.set(call, verdict);
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
    derivedRoles: [],
    outputs: [],
  };
}

const digests = new WeakMap<ToolCall, string>();

function digestOf(call: ToolCall): string {
  const known = digests.get(call);
  if (known !== undefined) return known;
  const identity = JSON.stringify([call.name, call.server ?? null, call.paramsStatus, call.params ?? null]);
  const digest = createHash('sha256').update(identity).digest('base64url');
  digests.set(call, digest);
  return digest;
}

function redisKey(scope: VerdictScope): string {
  return `iris:verdict:v1:{${scope.principal}}:${scope.session}`;
}

/** Some providers carry payload in their ids, so a long id is kept as its hash. */
function fieldOf(id: string): string {
  return id.length <= 64 ? id : `sha256:${createHash('sha256').update(id).digest('base64url')}`;
}

function localKey(scope: VerdictScope, id: string): string {
  return `${scope.principal}\n${scope.session}\n${fieldOf(id)}`;
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
