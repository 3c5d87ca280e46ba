import type { ContextStatus, PrincipalContext } from '@iris/contracts';
import type { DecisionService, PreparedPrincipal } from '@iris/decision';
import type { AskVerdict } from './questions.js';

/** How many people are asked about at the same time. */
const AT_ONCE = 16;

/** What is known of one person's right. */
export interface PersonVerdict {
  readonly login: string;
  /**
   * `unknown` where a source that matters has stale facts or none: `allowedNow` is then the verdict on what is held, which
   * fresh facts may change.
   */
  readonly verdict: 'allowed' | 'denied' | 'unknown';
  readonly allowedNow: boolean;
  readonly reason: string;
  /** The sources whose facts are stale or absent. */
  readonly unknownSources: Readonly<Record<string, ContextStatus>>;
  /** The verdict by the other policy version, where one is asked for. */
  readonly other?: { readonly allowed: boolean; readonly reason: string };
}

export interface WhoCan {
  readonly people: readonly PersonVerdict[];
  /** People whose right differs under the other policy version; empty without one. */
  readonly changes: readonly PersonVerdict[];
}

export interface WhoCanOptions {
  readonly policyVersion: string;
  /** Also asks these policies, and lists whose right differs. */
  readonly otherVersion?: string;
  /** Sources that matter to the policies; all that are enabled when absent. */
  readonly sources?: readonly string[];
  /** Called with the number of people so far. */
  readonly onProgress?: (done: number) => void;
  readonly signal?: AbortSignal;
}

/**
 * Asks about each person in turn, a bounded number at a time.
 *
 * @param contextOf the facts about a person; must not call a vendor
 * @throws PdpError when the PDP does not decide on everybody: half a list is none
 */
export async function whoCan(
  logins: readonly string[],
  contextOf: (login: string) => Promise<PrincipalContext>,
  decisions: Pick<DecisionService, 'prepare'>,
  ask: AskVerdict,
  options: WhoCanOptions,
): Promise<WhoCan> {
  const people: PersonVerdict[] = [];
  let next = 0;
  let done = 0;
  const askOneByOne = async () => {
    for (let index = next++; index < logins.length; index = next++) {
      options.signal?.throwIfAborted();
      const login = logins[index] as string;
      const context = await contextOf(login);
      people[index] = await verdictOn(login, context, decisions.prepare(context), ask, options);
      done += 1;
      options.onProgress?.(done);
    }
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, logins.length) }, askOneByOne));
  const changes = people.filter(({ allowedNow, other }) => other !== undefined && other.allowed !== allowedNow);
  return { people, changes };
}

async function verdictOn(
  login: string,
  context: PrincipalContext,
  prepared: PreparedPrincipal,
  ask: AskVerdict,
  { policyVersion, otherVersion, sources }: WhoCanOptions,
): Promise<PersonVerdict> {
  const [verdict, other] = await Promise.all([
    ask(prepared, policyVersion),
    otherVersion === undefined ? undefined : ask(prepared, otherVersion),
  ]);
  const unknown = Object.entries(context.sources).filter(
    ([id, { status }]) =>
      (status === 'stale' || status === 'unavailable') && (sources === undefined || sources.includes(id)),
  );
  return {
    login,
    verdict: unknown.length > 0 ? 'unknown' : verdict.allowed ? 'allowed' : 'denied',
    allowedNow: verdict.allowed,
    reason: verdict.reason,
    unknownSources: Object.fromEntries(unknown.map(([id, { status }]) => [id, status])),
    ...(other === undefined ? {} : { other }),
  };
}
