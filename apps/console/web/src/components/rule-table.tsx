import type { Policies } from '@iris/console-api';
import { useState } from 'preact/hooks';
import { address, Link } from '../app/router.js';
import { counted } from '../text/format.js';
import { visibleLine } from '../text/visible-text.js';
import { type Column, DataTable } from './data-table.js';
import { ScrollBlock } from './scroll-block.js';
import { TextValue } from './text-value.js';
import { Time } from './time.js';

type Rule = Policies['rules'][number];
type Force = 'enforced' | 'observed' | 'shadow';

function hitsColumn(force: Force, number: 'hits' | 'denials', title: string): Column<Rule> {
  return { id: `${force}-${number}`, title, value: (rule) => rule[force]?.[number] ?? 0, numeric: true };
}

const COLUMNS: readonly Column<Rule>[] = [
  {
    id: 'name',
    title: 'Rule',
    value: ({ name }) => name,
    cell: ({ rule, version, name, file, line, text }) => (
      <>
        <Link to={address('/', { rule: [rule] })}>
          <TextValue text={name} mono limit={80} fixed />
        </Link>
        {text === undefined ? (
          <span class="tag">in no file</span>
        ) : (
          <details>
            <summary>
              <TextValue
                text={`${file?.split('/').at(-1) ?? 'text'}${line === undefined ? '' : `:${line}`}`}
                limit={80}
                fixed
              />
            </summary>
            <ScrollBlock label={`Text of ${visibleLine(`${rule} ${version}`, 200)}`} text={text} limit={4000} />
          </details>
        )}
      </>
    ),
    heads: true,
  },
  {
    id: 'version',
    title: 'Version',
    value: ({ version }) => version,
    cell: ({ version }) => <TextValue text={version} limit={60} fixed />,
  },
  { id: 'effect', title: 'Effect', value: ({ effect }) => effect?.replace('EFFECT_', '').toLowerCase() },
  hitsColumn('enforced', 'hits', 'Hits (enforced)'),
  hitsColumn('enforced', 'denials', 'Denials (enforced)'),
  hitsColumn('observed', 'hits', 'Hits (observed)'),
  hitsColumn('observed', 'denials', 'Denials (observed)'),
  hitsColumn('shadow', 'hits', 'Shadow'),
  {
    id: 'last',
    title: 'Last (UTC)',
    value: ({ last }) => last,
    cell: ({ last }) => (last ? <Time iso={last} dated /> : 'never'),
  },
];

/** Rules with how often they decided; on request only those that never did. */
export function RuleTable({ policies: { rules, neverHit } }: { readonly policies: Policies }) {
  const [onlyNever, setOnlyNever] = useState(false);
  const never = new Set(neverHit);
  return (
    <>
      <p>
        {counted(rules.length, 'rule')}, {counted(neverHit.length, 'rule')} of the files never hit in this window.{' '}
        <button type="button" class="button" aria-pressed={onlyNever} onClick={() => setOnlyNever(!onlyNever)}>
          Only never hit
        </button>
      </p>
      <DataTable
        caption="Rules"
        columns={COLUMNS}
        rows={onlyNever ? rules.filter(({ rule }) => never.has(rule)) : rules}
        sortedBy={{ id: 'enforced-hits', desc: true }}
        rowKey={({ rule, version }) => `${rule} ${version}`}
        none="No rules."
      />
    </>
  );
}
