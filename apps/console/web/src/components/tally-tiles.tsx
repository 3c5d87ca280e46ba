import type { Tallies } from '@iris/console-api';
import { count } from '../text/format.js';
import { Icon, type IconName } from './icon.js';

const TILES: readonly { key: keyof Tallies; title: string; icon: IconName }[] = [
  { key: 'enforcedAllow', title: 'Allowed, enforced', icon: 'shield' },
  { key: 'enforcedDeny', title: 'Denied, enforced', icon: 'shield' },
  { key: 'observedAllow', title: 'Allowed, observed', icon: 'eye' },
  { key: 'observedDeny', title: 'Would be denied, observed', icon: 'eye' },
  { key: 'shadowDeny', title: 'Candidate denies, shadow', icon: 'shadow' },
  { key: 'shadowAllow', title: 'Candidate allows, shadow', icon: 'shadow' },
];

/** The numbers of a window, each by its own. */
export function TallyTiles({ tallies }: { readonly tallies: Tallies }) {
  return (
    <dl class="tiles">
      {TILES.map(({ key, title, icon }) => (
        <div class={`tile tile-${key}`} key={key}>
          <dt>
            <Icon name={icon} /> {title}
          </dt>
          <dd>{count(tallies[key])}</dd>
        </div>
      ))}
    </dl>
  );
}
