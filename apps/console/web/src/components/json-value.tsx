import { useState } from 'preact/hooks';
import { counted } from '../text/format.js';
import { MOST_DEPTH, MOST_ENTRIES, SHOWN_ENTRIES } from '../text/json-limits.js';
import { TextValue } from './text-value.js';

interface JsonValueProps {
  readonly value: unknown;
  readonly depth?: number;
}

/** A JSON value as a reader would write it: lists and objects as lists of their entries, within bounds. */
export function JsonValue({ value, depth = 0 }: JsonValueProps) {
  if (typeof value === 'string') {
    if (value === '') return <span class="quiet">(empty text)</span>;
    return <TextValue text={value} block={value.includes('\n')} />;
  }
  if (value === null || value === undefined) return <span class="quiet">{value === null ? 'null' : 'absent'}</span>;
  if (typeof value !== 'object') return <span class="scalar">{String(value)}</span>;
  const entries = Array.isArray(value) ? value.map((item) => ['', item] as const) : Object.entries(value);
  if (entries.length === 0) return <span class="quiet">{Array.isArray(value) ? '(empty list)' : '(no fields)'}</span>;
  if (depth >= MOST_DEPTH) return <span class="quiet">{counted(entries.length, 'entry', 'entries')} below</span>;
  if (entries.every(([name, item]) => name === '' && isShort(item))) return <Chips items={entries.map(([, i]) => i)} />;
  return <Entries entries={entries} depth={depth} />;
}

function isShort(item: unknown): boolean {
  return typeof item !== 'object' && String(item).length <= 40;
}

function Chips({ items }: { readonly items: readonly unknown[] }) {
  const [shown, setShown] = useState(SHOWN_ENTRIES);
  return (
    <>
      <ul class="chips">
        {items.slice(0, shown).map((item, index) => (
          <li key={index}>{typeof item === 'string' ? <TextValue text={item} /> : String(item)}</li>
        ))}
      </ul>
      <MoreEntries count={items.length} shown={shown} onMore={setShown} />
    </>
  );
}

interface EntriesProps {
  readonly entries: readonly (readonly [name: string, value: unknown])[];
  readonly depth: number;
}

function Entries({ entries, depth }: EntriesProps) {
  const [shown, setShown] = useState(SHOWN_ENTRIES);
  return (
    <>
      <ul class="entries">
        {entries.slice(0, shown).map(([name, value], index) => (
          <li key={index}>
            {name !== '' && (
              <span class="entry-name">
                <TextValue text={name} limit={80} fixed />
              </span>
            )}
            <JsonValue value={value} depth={depth + 1} />
          </li>
        ))}
      </ul>
      <MoreEntries count={entries.length} shown={shown} onMore={setShown} />
    </>
  );
}

interface MoreEntriesProps {
  readonly count: number;
  readonly shown: number;
  readonly onMore: (shown: number) => void;
}

function MoreEntries({ count, shown, onMore }: MoreEntriesProps) {
  if (count <= shown) return null;
  if (shown >= MOST_ENTRIES) return <span class="rest">{count - shown} more are in the raw record</span>;
  return (
    <button type="button" class="more" onClick={() => onMore(Math.min(MOST_ENTRIES, shown + 2 * SHOWN_ENTRIES))}>
      Show more ({count - shown})
    </button>
  );
}
