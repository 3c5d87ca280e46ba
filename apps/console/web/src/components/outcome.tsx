import { Icon, type IconName } from './icon.js';

/** What of a record says how a call ended, and whether that was put into force. */
export interface OutcomeFacts {
  readonly effect: 'ALLOW' | 'DENY';
  readonly mode: 'enforce' | 'observe' | 'shadow';
  readonly enforced: boolean;
}

type Force = 'enforced' | 'unenforced' | 'observed' | 'shadow';

const FORCES: Readonly<Record<Force, { icon: IconName; word: string; meaning: string }>> = {
  enforced: { icon: 'shield', word: 'enforced', meaning: 'The reply to the hook put this into force.' },
  unenforced: {
    icon: 'gap',
    word: 'not enforced',
    meaning: 'The event of this hook cannot enforce, or it was let pass.',
  },
  observed: { icon: 'eye', word: 'observed', meaning: 'Observe mode: nothing was stopped.' },
  shadow: { icon: 'shadow', word: 'shadow', meaning: 'The opinion of a candidate policy; no decision.' },
};

export function forceOf({ mode, enforced }: OutcomeFacts): Force {
  if (mode === 'shadow') return 'shadow';
  if (mode === 'observe') return 'observed';
  return enforced ? 'enforced' : 'unenforced';
}

/** The effect in words that differ by force, so that nothing observed reads as stopped. */
export function effectWord({ effect, ...facts }: OutcomeFacts): string {
  const allowed = effect === 'ALLOW';
  const force = forceOf({ effect, ...facts });
  if (force === 'shadow') return allowed ? 'Candidate allows' : 'Candidate denies';
  if (force === 'observed') return allowed ? 'Allowed' : 'Would be denied';
  return allowed ? 'Allowed' : 'Denied';
}

/** Effect and force, each by its word, its icon, and its border: filled, dashed or dotted. Colour adds to it. */
export function Outcome(facts: OutcomeFacts) {
  const force = forceOf(facts);
  const { icon, word, meaning } = FORCES[force];
  return (
    <span class={`outcome outcome-${facts.effect.toLowerCase()} outcome-${force}`} title={meaning}>
      <span class="outcome-effect">
        <Icon name={facts.effect === 'ALLOW' ? 'check' : 'cross'} />
        {effectWord(facts)}
      </span>
      <span class="outcome-force">
        <Icon name={icon} />
        {word}
      </span>
    </span>
  );
}

const STATUSES: Readonly<Record<string, { mark: string; kind: string }>> = {
  fresh: { mark: '●', kind: 'good' },
  stale: { mark: '◐', kind: 'warn' },
  not_found: { mark: '○', kind: 'quiet' },
  unavailable: { mark: '✕', kind: 'bad' },
};

/** How usable the facts of a source are, as a mark and a word. */
export function SourceStatus({ status }: { readonly status: string }) {
  const { mark, kind } = STATUSES[status] ?? { mark: '?', kind: 'warn' };
  return (
    <span class={`status status-${kind}`}>
      <span aria-hidden="true">{mark}</span> {status.replaceAll('_', ' ')}
    </span>
  );
}
