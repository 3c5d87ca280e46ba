import { useState } from 'preact/hooks';
import { ask } from '../api/operations.js';
import { useLoaded } from '../api/request.js';
import { segmentOf } from '../app/router.js';
import { Loading } from './loading.js';
import { ScrollBlock } from './scroll-block.js';

/** Characters of the raw record that are shown at first. */
const FIRST = 4_000;

/** The evidence record as it is kept, read when it is opened. */
export function RawRecord({ id }: { readonly id: string }) {
  const [opened, setOpened] = useState(false);
  const record = useLoaded(opened ? `record ${id}` : undefined, (signal) => ask('readRecord', { of: id, signal }));
  return (
    <details onToggle={({ currentTarget }) => setOpened(opened || currentTarget.open)}>
      <summary>Show the record</summary>
      {opened && (
        <Loading of={record}>
          {({ record: fields, cut }) => (
            <>
              {cut && <p class="quiet">Long texts are cut.</p>}
              <p>
                <a href={`/api/decisions/${segmentOf(id)}/record`} download="iris-record.json">
                  Download as JSON
                </a>
              </p>
              <ScrollBlock label="Record as JSON" text={JSON.stringify(fields, undefined, 2)} limit={FIRST} />
            </>
          )}
        </Loading>
      )}
    </details>
  );
}
