import {
  type DistributedFlights,
  type EntryAddress,
  FlightTimeout,
  principalField,
  principalKey,
  type RefreshRequest,
  resourceKey,
  SharedCalls,
  SharedFault,
  usability,
} from '@iris/context-cache';
import type { ResourceRef, SourceAnswer, SourceId, SourceSettings, Subject } from '@iris/contracts';
import type { LookupResult, VendorSource } from './enricher-definition.js';
import type { EnricherObserver } from './enricher-observer.js';
import type { IdentityMap } from './identity-map.js';
import { type EntryStore, keepEntry } from './kept-entry.js';
import type { Logger } from './logger.js';
import { Resilience } from './resilience.js';
import { answerOf, unavailableAnswer } from './source-answer.js';
import { abortError, toVendorError, VendorError, type VendorErrorKind, vendorErrorKind } from './vendor-error.js';

/** What is asked, and where its answer is kept. */
export interface Question {
  readonly subject: Subject;
  readonly resource?: ResourceRef;
  readonly address: EntryAddress;
  /** Set for a refresh: an entry that was read before this time, in epoch ms, is no answer even while it is fresh. */
  readonly readSince?: number;
  /** Set after a drop: a list that was read before this time, in epoch ms, is no answer. */
  readonly notBefore?: number;
}

/**
 * One layer of the chain.
 *
 * @param signal aborted when the answer is not wanted any more
 * @throws VendorError
 */
export type Ask = (question: Question, signal?: AbortSignal) => Promise<SourceAnswer>;

/** The shared parts in Redis; absent when no Redis is configured. */
export interface SharedCache extends EntryStore {
  readonly flights: DistributedFlights;
}

export interface ChainOptions {
  readonly id: SourceId;
  readonly settings: SourceSettings;
  readonly source: VendorSource;
  /** Absent: a login name is the vendor's key. */
  readonly identity?: IdentityMap;
  readonly cache?: SharedCache;
  readonly observer: EnricherObserver;
  readonly logger: Logger;
}

/** A lock outlives the call by this, for writing the entry, in ms. */
const LOCK_MARGIN_MS = 500;
/** Longest key that is looked up; a longer one is no name of anything. */
const MAX_KEY_LENGTH = 1024;
/** A connection string is no name, and its password must not reach a vendor's query. */
const MAY_HOLD_CREDENTIALS = /:\/\/|[=@;()]/;
/** Errors without new information about the vendor. */
const QUIET_KINDS: ReadonlySet<VendorErrorKind> = new Set(['cancelled', 'circuit_open', 'overloaded']);

/** Answers for one source: collapse -> cache -> resilience -> fetch; without an answer, what is stale. */
export class AnswerChain {
  private readonly resilience: Resilience;
  private readonly shared = new SharedCalls<SourceAnswer>();
  private readonly fetched: Ask;
  private readonly answered: Ask;

  constructor(private readonly options: ChainOptions) {
    this.resilience = new Resilience(options);
    this.fetched = collapsed(
      kept(observed(fetching(options, this.resilience), options), options),
      options,
      this.shared,
    );
    this.answered = elseStale(this.fetched, options);
  }

  /** Whether the vendor is asked at present. */
  get circuit(): Resilience['circuit'] {
    return this.resilience.circuit;
  }

  /**
   * The answer to a question. Never throws: without one it is `UNAVAILABLE`.
   *
   * @param cancelled aborted when the one who asks is gone; a deadline that passes is no reason, because the next
   *   question then finds a warm entry
   */
  async answer(subject: Subject, resource: ResourceRef | undefined, cancelled?: AbortSignal): Promise<SourceAnswer> {
    return this.answerBy(this.answered, this.question(subject, resource), cancelled);
  }

  /** The answer that the vendor gives now: a cached answer never replaces it. Never throws. For diagnosis. */
  async answerOfVendor(
    subject: Subject,
    resource: ResourceRef | undefined,
    cancelled?: AbortSignal,
  ): Promise<SourceAnswer> {
    const question = this.question(subject, resource);
    const now = Date.now();
    const wanted = 'status' in question ? question : { ...question, readSince: now, notBefore: now };
    return this.answerBy(this.fetched, wanted, cancelled);
  }

  private async answerBy(
    ask: Ask,
    question: ReturnType<AnswerChain['question']>,
    cancelled?: AbortSignal,
  ): Promise<SourceAnswer> {
    if ('status' in question) return answerOf(question, this.options.settings, Date.now());
    try {
      return await ask(question, cancelled);
    } catch (error) {
      return unavailableAnswer(toVendorError(error).reason, Date.now());
    }
  }

  /**
   * Reads a subject again, unless that has happened since it was asked for.
   *
   * @throws VendorError
   */
  async refresh(request: RefreshRequest): Promise<void> {
    const question = this.question(request.subject, request.resource);
    if ('status' in question) return;
    const wanted = { ...question, readSince: request.askedAt };
    if (sufficient(wanted, await heldEntry(question, this.options.cache)) !== undefined) {
      this.options.observer.refreshed('not_needed');
      return;
    }
    try {
      await this.fetched(wanted);
      this.options.observer.refreshed('refreshed');
    } catch (error) {
      this.options.observer.refreshed('failed');
      throw error;
    }
  }

  /** Waits for the calls in flight. */
  async settled(): Promise<void> {
    await this.shared.settled();
  }

  private question(subject: Subject, resource: ResourceRef | undefined): Question | LookupResult {
    const { id, settings, source } = this.options;
    const invalid: LookupResult = { status: 'NOT_FOUND', reason: 'subject_invalid' };
    if (resource !== undefined) {
      const known = settings.resources.includes(resource.kind) && source.lookupResource !== undefined;
      if (!known || !isKey(resource.id) || MAY_HOLD_CREDENTIALS.test(resource.id)) return invalid;
      return { subject, resource, address: { key: resourceKey(resource), field: id } };
    }
    const field = principalField(id, settings.subject, subject);
    if (!isKey(subject.principal) || field === undefined || field.length > MAX_KEY_LENGTH) return invalid;
    return { subject, address: { key: principalKey(subject.principal), field } };
  }
}

function isKey(text: string): boolean {
  return text !== '' && text.length <= MAX_KEY_LENGTH;
}

/** The innermost layer: asks the vendor. */
function fetching(options: ChainOptions, resilience: Resilience): Ask {
  const { source, settings, identity } = options;
  return async (question, signal = new AbortController().signal) => {
    const { subject: asked, resource, notBefore = Number.NEGATIVE_INFINITY } = question;
    const mapped = settings.subject === 'login' && asked.loginName !== undefined && identity?.map(asked.loginName);
    if (mapped && 'reason' in mapped)
      return answerOf({ status: 'NOT_FOUND', reason: mapped.reason }, settings, Date.now());
    const subject = mapped ? { ...asked, loginName: mapped.key } : asked;
    // A list that is older than what is kept would bring an answer that the cache refuses.
    const held = await heldEntry(question, options.cache);
    const newerThan = Math.max(notBefore, held?.observedAt ?? Number.NEGATIVE_INFINITY);
    const unlisted = resource === undefined ? await notListed(subject, options, newerThan) : undefined;
    if (unlisted !== undefined) return unlisted;
    return resilience.run(async (limited) => {
      const now = Date.now();
      const leftOut = () => options.observer.leftOut(1);
      const call = { signal: limited, now, notBefore: newerThan, leftOut };
      const result =
        resource === undefined ? await source.lookup(subject, call) : await source.lookupResource?.(resource, call);
      if (result === undefined) throw new VendorError('bad_response', 'the source knows no resources');
      return answerOf(result, settings, now);
    }, signal);
  };
}

/** "Not found" by the last complete list of the vendor, as old as that list. */
async function notListed(
  { loginName }: Subject,
  { id, settings, cache }: ChainOptions,
  notBefore: number,
): Promise<SourceAnswer | undefined> {
  if (settings.subject !== 'login' || loginName === undefined) return undefined;
  const readAt = await cache?.known?.absentSince(id, loginName).catch(() => undefined);
  if (readAt === undefined || readAt < notBefore) return undefined;
  const answer = answerOf({ status: 'NOT_FOUND', reason: 'subject_not_found' }, settings, readAt);
  return usability(answer, Date.now()) === 'fresh' ? answer : undefined;
}

/** Counts and logs what came of asking the vendor. */
function observed(next: Ask, { observer, logger, id }: ChainOptions): Ask {
  return async (question, signal) => {
    const startedAt = performance.now();
    try {
      const answer = await next(question, signal);
      observer.fetched(answer.status === 'FOUND' ? 'found' : 'not_found', performance.now() - startedAt);
      return answer;
    } catch (thrown) {
      const error = toVendorError(thrown);
      observer.fetched(error.kind, performance.now() - startedAt);
      if (!QUIET_KINDS.has(error.kind)) {
        logger.warn({ source: id, reason: error.reason, detail: error.message }, 'the vendor gave no useful answer');
      }
      throw error;
    }
  };
}

/**
 * Keeps the answer before anyone gets it, because replicas that wait look for it in the cache. When something newer
 * is there (a drop, or a later answer), that counts: an answer from before a drop is read once more.
 */
function kept(next: Ask, options: ChainOptions): Ask {
  const { cache } = options;
  return async (question, signal) => {
    const answer = await next(question, signal);
    if (cache === undefined || (await write(cache, options, question, answer))) return answer;
    const held = await heldEntry(question, cache);
    if (held !== undefined && held.observedAt >= answer.observedAt) return held;
    const again = await next({ ...question, notBefore: Date.now() }, signal);
    await write(cache, options, question, again);
    return again;
  };
}

/** Whether an answer is in the cache, or cannot be put there because Redis is unavailable. */
async function write(
  cache: SharedCache,
  { id, source }: ChainOptions,
  { address, subject, resource }: Question,
  answer: SourceAnswer,
): Promise<boolean> {
  const principal = resource === undefined ? subject.principal : undefined;
  try {
    return await keepEntry(cache, { id, source, principal }, address, answer);
  } catch {
    return true;
  }
}

/** Makes one call of equal ones: in this process, then across replicas. None when a fresh entry is in the cache. */
function collapsed(next: Ask, { cache, settings }: ChainOptions, shared: SharedCalls<SourceAnswer>): Ask {
  const across = (question: Question, signal: AbortSignal): Promise<SourceAnswer> => {
    if (cache === undefined) return next(question, signal);
    return cache.flights.run({
      address: question.address,
      lockMs: settings.timeoutMs + LOCK_MARGIN_MS,
      signal,
      find: async () => sufficient(question, await heldEntry(question, cache)),
      fetch: () => next(question, signal),
      describeFault: (error) => {
        const { kind } = toVendorError(error);
        return kind === 'cancelled' ? undefined : kind;
      },
    });
  };
  return async (question, signal) => {
    const { address } = question;
    try {
      return await shared.run(`${address.field}\n${address.key}`, signal, (all) => across(question, all));
    } catch (error) {
      if (error instanceof SharedFault) {
        throw new VendorError(vendorErrorKind(error.fault), 'another replica asked and got no useful answer');
      }
      if (error instanceof FlightTimeout) throw new VendorError('timeout', 'another replica asked and got no answer');
      throw error instanceof VendorError || !signal?.aborted ? error : abortError(signal);
    }
  };
}

/**
 * The outermost layer: a stale entry is the answer when the vendor gives none. It is looked for only then, because what
 * is asked here was missed in Redis a moment ago.
 */
function elseStale(next: Ask, { cache }: ChainOptions): Ask {
  return async (question, signal) => {
    try {
      return await next(question, signal);
    } catch (error) {
      const held = await heldEntry(question, cache);
      if (held !== undefined && usability(held, Date.now()) !== 'expired') return held;
      throw error;
    }
  };
}

/** What the cache holds; nothing when Redis is unavailable. */
async function heldEntry(question: Question, cache: SharedCache | undefined): Promise<SourceAnswer | undefined> {
  return cache?.writer.read(question.address).catch(() => undefined);
}

/** An entry that answers the question without the vendor. */
function sufficient(question: Question, entry: SourceAnswer | undefined): SourceAnswer | undefined {
  if (entry === undefined || usability(entry, Date.now()) !== 'fresh') return undefined;
  return entry.observedAt >= (question.readSince ?? Number.NEGATIVE_INFINITY) ? entry : undefined;
}
