import type { DecisionSummary } from '@iris/console-api';
import { ask } from '../api/operations.js';
import { useLoaded } from '../api/request.js';
import { Link, navigate, pathTo } from '../app/router.js';
import { type Column, DataTable } from './data-table.js';
import { Loading } from './loading.js';
import { TextValue } from './text-value.js';
import { Time } from './time.js';

/** Decisions among which recent people and sessions are looked for. */
const LOOKED_AT = 500;

interface Recent {
  readonly id: string;
  readonly last: string;
  readonly decisions: number;
}

interface ChooseIdProps {
  readonly section: 'people' | 'sessions';
  readonly label: string;
  readonly idOf: (decision: DecisionSummary) => string | undefined;
}

/** A field for an id, and the ids of the newest decisions. */
export function ChooseId({ section, label, idOf }: ChooseIdProps) {
  const newest = useLoaded('newest', (signal) => ask('listDecisions', { query: { limit: LOOKED_AT }, signal }));
  const open = (event: SubmitEvent) => {
    event.preventDefault();
    const given = new FormData(event.currentTarget as HTMLFormElement).get('id');
    if (typeof given === 'string' && given.trim() !== '') navigate(pathTo(section, given.trim()));
  };
  const columns: readonly Column<Recent>[] = [
    {
      id: 'id',
      title: label,
      value: ({ id }) => id,
      cell: ({ id }) => (
        <Link class="row-link" to={pathTo(section, id)}>
          <TextValue text={id} limit={100} fixed />
        </Link>
      ),
      heads: true,
    },
    { id: 'decisions', title: 'Decisions', value: ({ decisions }) => decisions, numeric: true },
    { id: 'last', title: 'Last (UTC)', value: ({ last }) => last, cell: ({ last }) => <Time iso={last} dated /> },
  ];
  return (
    <>
      <form class="card inline" onSubmit={open}>
        <label for="chosen-id">{label}</label>
        <input id="chosen-id" name="id" maxLength={512} autocomplete="off" spellcheck={false} />
        <button type="submit" class="button">
          Open
        </button>
      </form>
      <Loading of={newest}>
        {({ decisions }) => (
          <DataTable
            caption={`In the newest ${decisions.length} decisions`}
            columns={columns}
            rows={recent(decisions, idOf)}
            rowKey={({ id }) => id}
            rowClass={() => 'linked'}
            none="No decisions yet."
          />
        )}
      </Loading>
    </>
  );
}

function recent(decisions: readonly DecisionSummary[], idOf: ChooseIdProps['idOf']): readonly Recent[] {
  const found = new Map<string, Recent>();
  for (const decision of decisions) {
    const id = idOf(decision);
    if (id === undefined || id === '') continue;
    const before = found.get(id);
    found.set(id, { id, last: before?.last ?? decision.time, decisions: (before?.decisions ?? 0) + 1 });
  }
  return [...found.values()];
}
