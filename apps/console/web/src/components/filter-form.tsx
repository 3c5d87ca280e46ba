import type { Facets } from '@iris/console-api';
import { useState } from 'preact/hooks';
import {
  FILTER_FIELDS,
  type FilterField,
  type FilterValues,
  fromLocalInput,
  toLocalInput,
  withoutValue,
  withValue,
} from '../app/decision-filter.js';
import { visibleLine } from '../text/visible-text.js';

interface FilterFormProps {
  readonly values: FilterValues;
  readonly facets?: Facets;
  readonly onChange: (values: FilterValues) => void;
}

/** Every filter of decisions: a field adds a value, and each value is a button that takes it away. */
export function FilterForm({ values, facets, onChange }: FilterFormProps) {
  const set = FILTER_FIELDS.flatMap((field) => (values[field.key] ?? []).map((value) => ({ field, value })));
  return (
    <section class="card filters" aria-label="Filters">
      <details>
        <summary>Filters</summary>
        <form class="fields" onSubmit={(event) => event.preventDefault()} aria-label="Filters of decisions">
          {FILTER_FIELDS.map((field) => (
            <Field
              key={`${field.key}${values[field.key]?.join('\n')}`}
              field={field}
              set={values[field.key]}
              suggestions={field.facet && facets?.[field.facet]}
              onValue={(value) => onChange(withValue(values, field, value))}
            />
          ))}
        </form>
      </details>
      {set.length > 0 && (
        <ul class="set-filters" aria-label="Filters that are set">
          {set.map(({ field, value }) => (
            <li key={`${field.key}=${value}`}>
              <button
                type="button"
                class="tag"
                aria-label={`Remove ${field.label} ${visibleLine(value, 60)}`}
                onClick={() => onChange(withoutValue(values, field.key, value))}
              >
                {field.label}: {visibleLine(field.time ? toLocalInput(value).replace('T', ' ') : value, 60)}
                <span aria-hidden="true"> ✕</span>
              </button>
            </li>
          ))}
          <li>
            <button type="button" class="more" onClick={() => onChange({})}>
              Remove all
            </button>
          </li>
        </ul>
      )}
    </section>
  );
}

interface FieldProps {
  readonly field: FilterField;
  readonly set?: readonly string[];
  readonly suggestions?: readonly { readonly value: string; readonly count: number }[];
  readonly onValue: (value: string) => void;
}

function Field({ field, set = [], suggestions = [], onValue }: FieldProps) {
  const { key, label, options, time } = field;
  const [text, setText] = useState('');
  const id = `filter-${key}`;
  const list = suggestions.length > 0 ? `${id}-list` : undefined;
  const take = (given: string) => {
    const value = time ? fromLocalInput(given) : given.trim();
    if (value) onValue(value);
  };
  return (
    <div>
      <label for={id}>{label}</label>
      {options ? (
        <select id={id} value="" onChange={({ currentTarget }) => take(currentTarget.value)}>
          <option value="">{set.length > 0 ? `${set.join(', ')} or…` : 'any'}</option>
          {options.map((one) => (
            <option key={one} value={one}>
              {one}
            </option>
          ))}
        </select>
      ) : (
        <input
          id={id}
          type={time ? 'datetime-local' : 'text'}
          step={time ? 1 : undefined}
          maxLength={512}
          placeholder={time ? undefined : 'any'}
          value={time ? text || toLocalInput(set[0]) : text}
          list={list}
          autocomplete="off"
          spellcheck={false}
          onInput={({ currentTarget }) => setText(currentTarget.value)}
          onChange={({ currentTarget }) => take(currentTarget.value)}
        />
      )}
      {list && (
        <datalist id={list}>
          {suggestions.map(({ value, count }) => (
            <option key={value} value={value} label={`${count}`} />
          ))}
        </datalist>
      )}
    </div>
  );
}
