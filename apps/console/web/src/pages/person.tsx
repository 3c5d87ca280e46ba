import type { ContextEntry, Person, PersonTools, SessionSummary } from '@iris/console-api';
import { ask } from '../api/operations.js';
import { useLoaded } from '../api/request.js';
import type { PageProps } from '../app/pages.js';
import { address, Link, pathTo } from '../app/router.js';
import { Card } from '../components/card.js';
import { ChooseId } from '../components/choose-id.js';
import { type Column, DataTable } from '../components/data-table.js';
import { DecisionTable } from '../components/decision-table.js';
import { Icon, type IconName } from '../components/icon.js';
import { JsonValue } from '../components/json-value.js';
import { Loading } from '../components/loading.js';
import { SourceStatus } from '../components/outcome.js';
import { PageHead } from '../components/page-head.js';
import { TextValue } from '../components/text-value.js';
import { Age, Time } from '../components/time.js';
import { visibleLine } from '../text/visible-text.js';

/** What is known of a person or device, what they may do, and what they did. */
export function PersonPage({ id }: PageProps) {
  if (id === undefined) {
    return (
      <>
        <PageHead title="People" sub="People and devices by login name or node id." />
        <ChooseId section="people" label="Person or device" idOf={({ person }) => person} />
      </>
    );
  }
  return <OnePerson id={id} />;
}

function OnePerson({ id }: { readonly id: string }) {
  const person = useLoaded(`person ${id}`, (signal) => ask('readPerson', { of: id, signal }));
  return (
    <>
      <PageHead title={visibleLine(id, 80)} sub="Person or device">
        <Link class="button" to={address('/', { person: [id] })}>
          Live decisions
        </Link>
      </PageHead>
      <Loading of={person}>
        {(known) => (
          <>
            <ContextCard context={known.context} />
            <ToolsCard person={id} />
            <Card title="Recent decisions">
              <DecisionTable caption="Recent decisions" rows={known.decisions} without="person" none="No decisions." />
            </Card>
            <Card title="Sessions">
              <DataTable
                caption="Sessions"
                columns={SESSION_COLUMNS}
                rows={known.sessions}
                rowKey={(session) => session.id}
                rowClass={() => 'linked'}
                none="No sessions."
              />
            </Card>
          </>
        )}
      </Loading>
    </>
  );
}

const ENTRY_COLUMNS: readonly Column<ContextEntry>[] = [
  {
    id: 'field',
    title: 'Source',
    value: ({ field }) => field,
    cell: ({ field }) => <TextValue text={field} fixed />,
    heads: true,
  },
  {
    id: 'status',
    title: 'Status',
    value: ({ status, reason }) => reason ?? status,
    cell: ({ status, reason }) => <TextValue text={reason ?? status} fixed />,
  },
  {
    id: 'state',
    title: 'State now',
    value: ({ state }) => state,
    cell: ({ state }) => <SourceStatus status={state} />,
  },
  {
    id: 'age',
    title: 'Age',
    value: ({ ageSeconds }) => ageSeconds,
    cell: ({ ageSeconds }) => <Age seconds={ageSeconds} />,
    numeric: true,
  },
  {
    id: 'fresh',
    title: 'Fresh until (UTC)',
    value: ({ freshUntil }) => freshUntil,
    cell: ({ freshUntil }) => <Time iso={freshUntil} dated />,
  },
  {
    id: 'stale',
    title: 'Used until (UTC)',
    value: ({ staleUntil }) => staleUntil,
    cell: ({ staleUntil }) => <Time iso={staleUntil} dated />,
  },
  {
    id: 'facts',
    title: 'Facts',
    value: ({ names }) => names.join(' '),
    cell: ({ attributes, names }) => <JsonValue value={attributes ?? names} />,
    fixedOrder: true,
  },
];

function ContextCard({ context }: Pick<Person, 'context'>) {
  return (
    <Card title="Facts in Redis" note="As iris context show prints them. Ages and states are those of this moment.">
      {context.status === 'unavailable' ? (
        <p class="notice notice-warn">
          <Icon name="warning" /> Redis gives no answer: what is known is not shown, which does not mean that nothing
          is.
        </p>
      ) : (
        <DataTable
          caption="Facts in Redis"
          columns={ENTRY_COLUMNS}
          rows={context.entries}
          rowKey={({ field }) => field}
          none="Redis has no facts of this person."
        />
      )}
    </Card>
  );
}

type Tool = PersonTools['tools'][number];

const ANSWERS: Readonly<Record<Tool['answer'], { icon: IconName; word: string; kind: string }>> = {
  allowed: { icon: 'check', word: 'allowed now', kind: 'good' },
  conditional: { icon: 'gap', word: 'conditional', kind: 'warn' },
  never: { icon: 'cross', word: 'never', kind: 'bad' },
};

const TOOL_COLUMNS: readonly Column<Tool>[] = [
  {
    id: 'tool',
    title: 'Tool',
    value: ({ tool }) => tool,
    cell: ({ tool }) => <TextValue text={tool} fixed />,
    heads: true,
  },
  {
    id: 'answer',
    title: 'May call',
    value: ({ answer }) => answer,
    cell: ({ answer }) => (
      <span class={`status status-${ANSWERS[answer].kind}`}>
        <Icon name={ANSWERS[answer].icon} /> {ANSWERS[answer].word}
      </span>
    ),
  },
  {
    id: 'server',
    title: 'Server',
    value: ({ server }) => server,
    cell: ({ server }) => <TextValue text={server ?? ''} fixed />,
  },
  {
    id: 'category',
    title: 'Category',
    value: ({ category }) => category,
    cell: ({ category }) => <TextValue text={category ?? ''} fixed />,
  },
  { id: 'calls', title: 'Recent calls', value: ({ calls }) => calls, numeric: true },
];

function ToolsCard({ person }: { readonly person: string }) {
  const tools = useLoaded(`tools ${person}`, (signal) => ask('readPersonTools', { of: person, signal }));
  return (
    <Card title="Tools" note="Of the tools that the log has seen: what the PDP plans for the person's newest facts.">
      <Loading of={tools}>
        {({ status, factsFrom, tools: rows, complete }) => (
          <>
            {status === 'pdp_unavailable' && <p class="notice notice-warn">The PDP gives no answer.</p>}
            {status === 'no_decision' && (
              <p class="none">The log has no decision of this person, so no facts to ask with.</p>
            )}
            {status === 'ok' && (
              <>
                <DataTable caption="Tools" columns={TOOL_COLUMNS} rows={rows} rowKey={({ tool }) => tool} />
                <p class="quiet">
                  {factsFrom && (
                    <>
                      With the facts of <Time iso={factsFrom} dated /> UTC. Conditional depends on the parameters.
                    </>
                  )}
                  {!complete && ' More tools were seen than are asked about.'}
                </p>
              </>
            )}
          </>
        )}
      </Loading>
    </Card>
  );
}

const SESSION_COLUMNS: readonly Column<SessionSummary>[] = [
  {
    id: 'id',
    title: 'Session',
    value: ({ id }) => id,
    cell: ({ id }) => (
      <Link class="row-link" to={pathTo('sessions', id)}>
        <TextValue text={id} limit={80} fixed />
      </Link>
    ),
    heads: true,
  },
  { id: 'decisions', title: 'Decisions', value: ({ decisions }) => decisions, numeric: true },
  { id: 'last', title: 'Last (UTC)', value: ({ last }) => last, cell: ({ last }) => <Time iso={last} dated /> },
];
