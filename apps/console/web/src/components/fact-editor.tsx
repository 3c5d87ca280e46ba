import type { Attribute } from '@iris/console-api';
import { useState } from 'preact/hooks';
import { type Change, withChange, withoutChange } from '../app/fact-changes.js';
import { typedText, typedValue } from '../text/typed-value.js';
import { visibleLine } from '../text/visible-text.js';
import { type Column, DataTable } from './data-table.js';
import { FactValue } from './facts-table.js';
import { TextValue } from './text-value.js';

/** A longer value is shown but not edited. */
const MOST_TYPED = 4_000;

/** A fact of the question, with whom it is about. */
export interface EditableFact extends Attribute {
  readonly of: Change['of'];
}

interface FactEditorProps {
  readonly caption: string;
  readonly facts: readonly EditableFact[];
  readonly changes: readonly Change[];
  readonly onChange: (changes: readonly Change[]) => void;
}

/** Facts as recorded, each with a field for another value and a button that removes it. */
export function FactEditor({ caption, facts, changes, onChange }: FactEditorProps) {
  const columns: readonly Column<EditableFact>[] = [
    {
      id: 'path',
      title: 'Attribute',
      value: ({ path }) => path,
      cell: ({ path }) => <TextValue text={path} mono limit={80} fixed />,
      heads: true,
    },
    {
      id: 'value',
      title: 'Recorded',
      value: ({ value }) => JSON.stringify(value),
      cell: (fact) => <FactValue {...fact} />,
    },
    {
      id: 'asked',
      title: 'Asked',
      value: () => '',
      fixedOrder: true,
      cell: (fact) => (
        <FactField
          key={fact.path}
          fact={fact}
          change={changes.find(({ of, path }) => of === fact.of && path === fact.path)}
          onTo={(to) =>
            onChange(withChange(changes, { of: fact.of, path: fact.path, ...(to && { to: to.value as Change['to'] }) }))
          }
          onReset={() => onChange(withoutChange(changes, fact))}
        />
      ),
    },
  ];
  return (
    <DataTable
      caption={caption}
      columns={columns}
      rows={facts}
      rowKey={({ path }) => path}
      rowClass={({ of, path }) => (changes.some((one) => one.of === of && one.path === path) ? 'changed' : '')}
    />
  );
}

interface FactFieldProps {
  readonly fact: EditableFact;
  readonly change?: Change;
  /** Without a value the fact is removed. */
  readonly onTo: (to: { readonly value: unknown } | undefined) => void;
  readonly onReset: () => void;
}

function FactField({ fact, change, onTo, onReset }: FactFieldProps) {
  const [problem, setProblem] = useState<string>();
  const name = visibleLine(fact.path, 80);
  const removed = change !== undefined && change.to === undefined;
  const text = removed ? '' : typedText(change === undefined ? fact.value : change.to);
  const take = (given: string) => {
    const typed = typedValue(given, fact.value);
    setProblem('problem' in typed ? typed.problem : undefined);
    if ('value' in typed) onTo(typed);
  };
  return (
    <div class="fact-field">
      <input
        aria-label={`Value of ${name} to ask with`}
        aria-invalid={problem !== undefined}
        value={text.slice(0, MOST_TYPED)}
        placeholder={removed ? 'removed' : undefined}
        disabled={removed || text.length > MOST_TYPED}
        spellcheck={false}
        onChange={({ currentTarget }) => take(currentTarget.value)}
      />
      {change === undefined ? (
        <button type="button" class="button" aria-label={`Remove ${name}`} onClick={() => onTo(undefined)}>
          Remove
        </button>
      ) : (
        <button type="button" class="button" aria-label={`Reset ${name}`} onClick={onReset}>
          Reset
        </button>
      )}
      {problem && (
        <span class="field-error" role="alert">
          {problem}
        </span>
      )}
    </div>
  );
}
