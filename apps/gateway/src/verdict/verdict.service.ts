import type { Hook, HookEvent, ReasonId } from '@iris/contracts';
import type { Judgement, Mode, Modes } from '@iris/decision';
import type { HookCalls, ReadCalls } from '../protocol/hook-calls.js';
import { type Conclusion, conclude, unlessDenied } from './conclusion.js';
import { block } from './denials.js';
import { FailureMode, type FailureModes } from './failure-mode.js';

export interface VerdictOptions {
  readonly onFailure: FailureModes;
  /** The effect on denied results: replaced by a notice, or the whole request is blocked. */
  readonly onDeniedResult: 'redact' | 'block';
}

/** What a verdict is about. */
export interface JudgedHook {
  readonly hook: Hook;
  /** The modes of this hook. */
  readonly modes: Modes;
  /** Absent until the calls are read. */
  readonly calls?: ReadCalls;
  readonly judgement: Judgement;
}

const NO_DECISION = 'the policy decision point gives no decision';

/** From decisions, or from the lack of them, to the verdict on a hook. */
export class VerdictService {
  constructor(private readonly options: VerdictOptions) {}

  /** The verdict on a hook whose calls are judged. */
  async judged(about: JudgedHook, calls: ReadCalls): Promise<Conclusion> {
    const { hook, judgement, modes } = about;
    if (judgement.left > 0) return this.#unfinished(about);
    return conclude(hook, calls, judgement, modes, this.options.onDeniedResult);
  }

  /** The verdict on a hook on which the PDP does not decide. Denials that are known hold in either failure mode. */
  async partlyJudged(about: JudgedHook, reason: ReasonId): Promise<Conclusion> {
    const { hook, calls, judgement, modes } = about;
    const undecided = this.#undecided(about, reason, NO_DECISION);
    if (undecided.verdict.action !== 'allow' || calls === undefined) return undecided;
    const { onDeniedResult } = this.options;
    const known = await conclude(hook, calls, judgement, modes, onDeniedResult).catch(() => undefined);
    if (known === undefined) return this.#unlessDenied(about, undecided);
    return known.verdict.action === 'allow' ? undecided : { verdict: known.verdict, failed: true };
  }

  /** The verdict on a hook that failed or ran out of time, which must be given at once. */
  failed(about: JudgedHook, reason: ReasonId, text: string): Conclusion {
    return this.#unlessDenied(about, this.#undecided(about, reason, text));
  }

  /** The verdict on a hook that was not read. */
  unread(about: JudgedHook, reason: ReasonId, detail: string): Conclusion {
    return this.#failureMode(about).unread(about.hook.event, reason, detail);
  }

  /** The verdict on a hook that was read and whose calls were not. */
  unjudgeable(about: JudgedHook, calls: Exclude<HookCalls, { status: 'read' }>): Conclusion {
    return this.#failureMode(about).unjudgeable(about.hook.event, calls);
  }

  /** The verdict on a hook while decisions cannot be recorded. */
  unrecordable(about: JudgedHook): Conclusion {
    const verdict = block('evidence_unavailable', 'Blocked: decisions cannot be recorded now.');
    return { verdict: this.#failureMode(about).unlessObserving(about.hook.event, verdict) };
  }

  /** Where the event is only observed, a call of a category that is enforced makes the whole hook enforced. */
  #failureMode({ modes, calls }: JudgedHook): FailureMode {
    const ofEvent = (event: HookEvent): Mode => {
      const isEnforced = calls?.calls.some((call) => modes.ofTool(event, call) === 'enforce') === true;
      return isEnforced ? 'enforce' : modes.ofEvent(event);
    };
    return new FailureMode({ ofEvent }, this.options.onFailure);
  }

  #undecided(about: JudgedHook, reason: ReasonId, text: string): Conclusion {
    return this.#failureMode(about).undecided(about.hook.event, reason, text, about.judgement.left > 0);
  }

  #unlessDenied({ hook, judgement, modes }: JudgedHook, { verdict, failed }: Conclusion): Conclusion {
    return { verdict: unlessDenied(hook.event, judgement, verdict, modes), failed };
  }

  /** A hook with more new calls than the limit blocks in any failure mode; the next one continues where it ended. */
  #unfinished(about: JudgedHook): Conclusion {
    const { decided, left } = about.judgement;
    const text = `this request has too many tool calls that were not judged before. ${decided.length} of them are judged now, ${left} are left; send it again to continue.`;
    const blocked = block('too_many_new_calls', `Blocked: ${text}`);
    const observed = this.#failureMode(about).unlessObserving(about.hook.event, blocked);
    const { verdict } = this.#unlessDenied(about, { verdict: observed });
    return verdict.action === 'block' ? { verdict } : { verdict, wouldHave: 'block' };
  }
}
