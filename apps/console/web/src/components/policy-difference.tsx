import type { Difference } from '@iris/console-api';
import { useEffect, useState } from 'preact/hooks';
import { ask } from '../api/operations.js';
import { useLoaded } from '../api/request.js';
import { filterOf } from '../app/decision-filter.js';
import { address, Link, navigate, pathTo, usePlace } from '../app/router.js';
import { count, counted } from '../text/format.js';
import { visibleLine } from '../text/visible-text.js';
import { Card } from './card.js';
import { type Column, DataTable } from './data-table.js';
import { ruleName } from './decision-table.js';
import { Failure } from './loading.js';
import { TextValue } from './text-value.js';
import { Time } from './time.js';

/** Progress is read this often, in ms. */
const POLL_MS = 500;

/** Compares recorded decisions with what a candidate of the policies decides on the same facts. */
export function PolicyDifference() {
  const { path, query } = usePlace();
  const candidates = useLoaded('candidates', (signal) => ask('listCandidates', { signal }));
  const [error, setError] = useState<Error>();
  const id = query.get('difference') ?? undefined;
  const { from, to, person, tool, category } = filterOf(query);
  const show = (difference: string | undefined) =>
    navigate(address(path, { from, to, person, tool, category, difference }), { replace: true });
  const start = async (event: SubmitEvent) => {
    event.preventDefault();
    setError(undefined);
    const form = new FormData(event.currentTarget as HTMLFormElement);
    const own = (key: string) => (String(form.get(key)).trim() === '' ? undefined : [String(form.get(key)).trim()]);
    const body = {
      filter: { from: from?.[0], to: to?.[0], person: own('person'), tool: own('tool'), category },
      policyVersion: String(form.get('candidate')),
      masked: form.get('masked') !== null,
    };
    try {
      show((await ask('startDifference', { body })).id);
    } catch (failed) {
      setError(failed as Error);
    }
  };
  const { versions = [] } = candidates.answer ?? {};
  return (
    <Card
      title="Difference of a candidate"
      note="Asks the PDP the recorded questions of the window again, as iris replay does. Nothing is recorded or enforced."
    >
      <form class="fields" onSubmit={start} aria-label="Comparison">
        <div>
          <label for="candidate">Policy version</label>
          <select id="candidate" name="candidate" required>
            {versions.map((name) => (
              <option key={name} value={name}>
                {visibleLine(name, 60)}
              </option>
            ))}
          </select>
        </div>
        <div>
          <label for="difference-person">Only this person</label>
          <input id="difference-person" name="person" maxLength={512} value={person?.[0] ?? ''} />
        </div>
        <div>
          <label for="difference-tool">Only this tool</label>
          <input id="difference-tool" name="tool" maxLength={512} value={tool?.[0] ?? ''} />
        </div>
        <label class="choice">
          <input type="checkbox" name="masked" /> with masked records
        </label>
        <button type="submit" class="button primary" disabled={versions.length === 0}>
          Compare
        </button>
      </form>
      {error && <Failure error={error} />}
      {candidates.error && <Failure error={candidates.error} onAgain={candidates.again} />}
      {id && <Running key={id} id={id} onGone={() => show(undefined)} />}
    </Card>
  );
}

interface RunningProps {
  readonly id: string;
  readonly onGone: () => void;
}

function Running({ id, onGone }: RunningProps) {
  const [difference, setDifference] = useState<Difference>();
  const [error, setError] = useState<Error>();
  const running = difference === undefined || difference.state === 'running';
  useEffect(() => {
    if (!running || error) return;
    const stop = new AbortController();
    const read = () =>
      ask('readDifference', { of: id, signal: stop.signal }).then(setDifference, (failed: Error) => {
        if (!stop.signal.aborted) setError(failed);
      });
    const timer = setTimeout(read, difference === undefined ? 0 : POLL_MS);
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [id, running, error, difference]);
  if (error) return <Failure error={error} onAgain={onGone} />;
  if (difference === undefined) return <p class="none">Loading…</p>;
  const { state, read, total, complete, error: failed } = difference;
  return (
    <div class="difference" data-state={state}>
      <p role="status">
        {state}: {count(read)} of {counted(total, 'record')} read{complete ? '' : '; the window has more records'}.{' '}
        {running && (
          <button
            type="button"
            class="button"
            onClick={() => ask('cancelDifference', { of: id }).then(setDifference, setError)}
          >
            Cancel
          </button>
        )}
      </p>
      {running && <progress value={read} max={Math.max(1, total)} aria-label="Records read" />}
      {failed && (
        <p class="notice notice-bad">
          <TextValue text={failed} />
        </p>
      )}
      {!running && <Result difference={difference} />}
    </div>
  );
}

type Direction = Difference['byPerson'][number];
type Changed = Difference['changes'][number];

function directionColumns(title: string): readonly Column<Direction>[] {
  return [
    {
      id: 'name',
      title,
      value: ({ name }) => name,
      cell: ({ name }) => <TextValue text={name} limit={80} fixed />,
      heads: true,
    },
    { id: 'toDeny', title: 'Newly denied', value: ({ toDeny }) => toDeny, numeric: true },
    { id: 'toAllow', title: 'Newly allowed', value: ({ toAllow }) => toAllow, numeric: true },
  ];
}

const CHANGE_COLUMNS: readonly Column<Changed>[] = [
  {
    id: 'time',
    title: 'Time (UTC)',
    value: ({ time }) => time,
    cell: ({ id, time }) => (
      <Link class="row-link" to={pathTo('decisions', id)}>
        <Time iso={time} dated />
      </Link>
    ),
    heads: true,
  },
  {
    id: 'person',
    title: 'Person',
    value: ({ person }) => person,
    cell: ({ person }) => <TextValue text={person} limit={60} fixed />,
  },
  {
    id: 'tool',
    title: 'Tool',
    value: ({ tool }) => tool,
    cell: ({ tool }) => <TextValue text={tool} limit={60} fixed />,
  },
  {
    id: 'effect',
    title: 'Candidate',
    value: ({ from, to }) => `${from} ${to}`,
    cell: ({ from, to }) => `${from.toLowerCase()} → ${to.toLowerCase()}`,
  },
  {
    id: 'rules',
    title: 'Rules before → now',
    value: ({ rulesNow }) => rulesNow.join(),
    cell: ({ rulesBefore, rulesNow }) => (
      <TextValue
        text={`${rulesBefore.map(ruleName).join(', ') || 'none'} → ${rulesNow.map(ruleName).join(', ') || 'none'}`}
        limit={160}
      />
    ),
  },
];

function Result({ difference }: { readonly difference: Difference }) {
  const { replayed, changed, masked, withoutCall, withoutPolicy, shadow, byPerson, byTool, changes } = difference;
  const numbers = { replayed, changed, masked, withoutCall, withoutPolicy, shadow };
  return (
    <>
      <dl class="tiles">
        {NUMBERS.map(([key, title]) => (
          <div class="tile" key={key} data-number={key}>
            <dt>{title}</dt>
            <dd>{count(numbers[key])}</dd>
          </div>
        ))}
      </dl>
      <div class="columns">
        <DataTable
          caption="Changes by person"
          columns={directionColumns('Person')}
          rows={byPerson}
          rowKey={({ name }) => name}
          none="No person is affected."
        />
        <DataTable
          caption="Changes by tool"
          columns={directionColumns('Tool')}
          rows={byTool}
          rowKey={({ name }) => name}
          none="No tool is affected."
        />
      </div>
      <h3>The first changes</h3>
      <DataTable
        caption="The first changes"
        columns={CHANGE_COLUMNS}
        rows={changes}
        rowKey={({ id }) => id}
        rowClass={() => 'linked'}
        none="The candidate decides alike."
      />
    </>
  );
}

const NUMBERS = [
  ['replayed', 'Asked again'],
  ['changed', 'Decided otherwise'],
  ['masked', 'Masked, not asked'],
  ['withoutCall', 'Without a call'],
  ['withoutPolicy', 'Met no policy'],
  ['shadow', 'Shadow records'],
] as const;
