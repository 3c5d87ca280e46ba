import type { FactChange } from '@iris/console-api';
import { useState } from 'preact/hooks';
import { ask } from '../api/operations.js';
import { useLoaded } from '../api/request.js';
import { address, Link, pathTo } from '../app/router.js';
import { counted } from '../text/format.js';
import { Card } from './card.js';
import { JsonValue } from './json-value.js';
import { Loading } from './loading.js';
import { TextValue } from './text-value.js';

/** The smallest change of facts that would allow the call, found by asking the PDP when the reader wants it. */
export function SmallestChangeCard({ id }: { readonly id: string }) {
  const [asked, setAsked] = useState(false);
  const found = useLoaded(asked ? `change ${id}` : undefined, (signal) =>
    ask('findSmallestChange', { of: id, signal }),
  );
  return (
    <Card title="Smallest change that would allow" class="hypothetical">
      <p class="hypothetical-mark">Hypothetical: nothing is recorded, enforced or changed.</p>
      {!asked && (
        <button type="button" class="button" onClick={() => setAsked(true)}>
          Find by asking the PDP
        </button>
      )}
      {asked && (
        <Loading of={found}>
          {({ changes, asked: questions, exhausted, reason }) => (
            <>
              <ul class="changes">
                {changes.map((change) => (
                  <li key={JSON.stringify(change)}>
                    <ChangeView change={change} />
                    <Link to={address(pathTo('what-if', id), { changes: JSON.stringify(change) })}>Try in What if</Link>
                  </li>
                ))}
              </ul>
              {changes.length === 0 && (
                <p>{reason ? <TextValue text={reason} /> : 'No change of one or two facts would allow the call.'}</p>
              )}
              <p class="quiet">
                {counted(questions, 'question')} to the PDP
                {exhausted ? '.' : '; the limit of questions ended the search.'}
              </p>
            </>
          )}
        </Loading>
      )}
    </Card>
  );
}

function ChangeView({ change }: { readonly change: readonly FactChange[] }) {
  return (
    <ul class="entries">
      {change.map(({ of, path, from, to }) => (
        <li key={`${of}.${path}`}>
          <span class="entry-name">
            <TextValue text={`${of === 'resource' ? 'call: ' : ''}${path}`} fixed />
          </span>
          <JsonValue value={from} /> <span aria-hidden="true">→</span>
          <span class="hidden">becomes</span>{' '}
          {to === undefined ? <span class="quiet">removed</span> : <JsonValue value={to} />}
        </li>
      ))}
    </ul>
  );
}
