import type { DecisionSummary } from '@iris/console-api';
import { visibleLine } from '../text/visible-text.js';
import { Icon, type IconName } from './icon.js';

type OutcomeFacts = Pick<DecisionSummary, 'effect' | 'force'>;

const FORCES: Readonly<Record<OutcomeFacts['force'], { icon: IconName; meaning: string }>> = {
  enforced: { icon: 'shield', meaning: 'The reply to the hook put this into force.' },
  observed: { icon: 'eye', meaning: 'Recorded only: nothing was stopped.' },
  shadow: { icon: 'shadow', meaning: 'The second opinion of a candidate policy, which is no decision.' },
};

/** The effect in words that differ by force, so that nothing observed reads as stopped. */
export function effectWord({ effect, force }: OutcomeFacts): string {
  const allowed = effect === 'ALLOW';
  if (force === 'shadow') return allowed ? 'Candidate allows' : 'Candidate denies';
  if (force === 'observed') return allowed ? 'Allowed' : 'Would be denied';
  return allowed ? 'Allowed' : 'Denied';
}

/** Effect and force, each by its word, its icon, and its border: filled, dashed or dotted. Colour adds to it. */
export function Outcome({ effect, force }: OutcomeFacts) {
  const { icon, meaning } = FORCES[force];
  return (
    <span class={`outcome outcome-${effect.toLowerCase()} outcome-${force}`} title={meaning}>
      <span class="outcome-effect">
        <Icon name={effect === 'ALLOW' ? 'check' : 'cross'} />
        {effectWord({ effect, force })}
      </span>
      <span class="outcome-force">
        <Icon name={icon} />
        {force}
      </span>
    </span>
  );
}

const STATUSES: Readonly<Record<string, { mark: string; kind: string }>> = {
  fresh: { mark: '●', kind: 'good' },
  stale: { mark: '◐', kind: 'warn' },
  expired: { mark: '◌', kind: 'bad' },
  not_found: { mark: '○', kind: 'quiet' },
  unavailable: { mark: '✕', kind: 'bad' },
};

/** How usable the facts of a source are, as a mark and a word. */
export function SourceStatus({ status }: { readonly status: string }) {
  const { mark, kind } = STATUSES[status] ?? { mark: '?', kind: 'warn' };
  return (
    <span class={`status status-${kind}`}>
      <span aria-hidden="true">{mark}</span> {visibleLine(status, 40).replaceAll('_', ' ')}
    </span>
  );
}
