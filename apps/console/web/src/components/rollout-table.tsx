import type { Rollout } from '@iris/console-api';
import { address, Link } from '../app/router.js';
import { type Column, DataTable } from './data-table.js';
import { Icon, type IconName } from './icon.js';
import { TextValue } from './text-value.js';

type Category = Rollout['categories'][number];

const STAGES: Readonly<Record<Category['stage'], { icon: IconName; word: string; step: number }>> = {
  observe: { icon: 'eye', word: 'observed', step: 1 },
  partly: { icon: 'gap', word: 'partly enforced', step: 2 },
  enforce: { icon: 'shield', word: 'enforced', step: 3 },
};

const COLUMNS: readonly Column<Category>[] = [
  {
    id: 'category',
    title: 'Category',
    value: ({ category }) => category,
    cell: ({ category }) => (
      <Link class="row-link" to={address('/', { category: [category] })}>
        <TextValue text={category} limit={60} fixed />
      </Link>
    ),
    heads: true,
  },
  {
    id: 'stage',
    title: 'Stage',
    value: ({ stage }) => STAGES[stage].step,
    cell: ({ stage }) => (
      <span class="stage">
        <svg class="stage-steps" viewBox="0 0 36 8" width="36" height="8" aria-hidden="true" focusable="false">
          {[0, 1, 2].map((step) => (
            <rect
              key={step}
              class={step < STAGES[stage].step ? 'done' : ''}
              x={step * 13}
              width="10"
              height="8"
              rx="2"
            />
          ))}
        </svg>
        <Icon name={STAGES[stage].icon} /> {STAGES[stage].word}
      </span>
    ),
  },
  { id: 'observedDeny', title: 'Would be denied (observed)', value: ({ observedDeny }) => observedDeny, numeric: true },
  { id: 'observedAllow', title: 'Allowed (observed)', value: ({ observedAllow }) => observedAllow, numeric: true },
  { id: 'enforcedDeny', title: 'Denied (enforced)', value: ({ enforcedDeny }) => enforcedDeny, numeric: true },
  { id: 'enforcedAllow', title: 'Allowed (enforced)', value: ({ enforcedAllow }) => enforcedAllow, numeric: true },
];

/** How far each category of tools is from observe to enforce, with what enforcement would stop. */
export function RolloutTable({ categories }: { readonly categories: readonly Category[] }) {
  return (
    <DataTable
      caption="Rollout by category"
      columns={COLUMNS}
      rows={categories}
      rowKey={({ category }) => category}
      rowClass={() => 'linked'}
      none="No decisions in this window."
    />
  );
}
