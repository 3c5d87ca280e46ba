import type { AccessLog, Check, Health } from '@iris/console-api';
import { ask } from '../api/operations.js';
import { useLoaded } from '../api/request.js';
import { useHasRole } from '../app/me.js';
import { Link, pathTo } from '../app/router.js';
import { Card } from '../components/card.js';
import { type Column, DataTable } from '../components/data-table.js';
import { Icon, type IconName } from '../components/icon.js';
import { Loading } from '../components/loading.js';
import { PageHead } from '../components/page-head.js';
import { TextValue } from '../components/text-value.js';
import { Time } from '../components/time.js';
import { count, exactDuration } from '../text/format.js';
import { visibleLine } from '../text/visible-text.js';

/** Whether everything that decides works, and what to do where it does not. */
export function HealthPage() {
  const health = useLoaded('health', (signal) => ask('readHealth', { signal }));
  const mayReadAccess = useHasRole('admin');
  return (
    <>
      <PageHead title="Health" sub={health.answer && <Checked at={health.answer.checkedAt} />}>
        <button type="button" class="button" onClick={health.again}>
          Check again
        </button>
      </PageHead>
      <Loading of={health}>
        {({ checks, sources, log, securityReports }) => (
          <>
            <div class="checks">
              {checks.map((check) => (
                <CheckCard key={check.check} check={check} />
              ))}
            </div>
            <div class="columns">
              <Card title="Sources" note="Decisions of the last hour by the status of each source.">
                <DataTable
                  caption="Sources"
                  columns={SOURCE_COLUMNS}
                  rows={sources}
                  rowKey={({ source }) => source}
                  none="No decisions in the last hour."
                />
              </Card>
              <LogCard log={log} securityReports={securityReports} />
            </div>
            {mayReadAccess && <AccessCard />}
          </>
        )}
      </Loading>
    </>
  );
}

function Checked({ at }: { readonly at: string }) {
  return (
    <>
      checked <Time iso={at} dated /> UTC
    </>
  );
}

const STATES: Readonly<Record<Check['state'], { icon: IconName; word: string; kind: string }>> = {
  ok: { icon: 'check', word: 'ok', kind: 'good' },
  warning: { icon: 'warning', word: 'warning', kind: 'warn' },
  failing: { icon: 'cross', word: 'failing', kind: 'bad' },
  not_checked: { icon: 'gap', word: 'not checked', kind: 'quiet' },
};

function CheckCard({ check: { check, state, notes, findings, warnings, skipped } }: { readonly check: Check }) {
  const { icon, word, kind } = STATES[state];
  return (
    <Card title={visibleLine(check)}>
      <p class={`status status-${kind}`}>
        <Icon name={icon} /> {word}
      </p>
      {skipped && (
        <p class="quiet">
          <TextValue text={skipped} />
        </p>
      )}
      {[...findings, ...warnings].map(({ id, subject, detail, fix }, index) => (
        <div class="finding" key={`${index} ${id}`}>
          <p>
            <TextValue text={id} mono fixed /> <TextValue text={`${subject}: ${detail}`} />
          </p>
          <p>
            Fix: <TextValue text={fix} />
          </p>
        </div>
      ))}
      {notes.length > 0 && (
        <ul class="entries quiet">
          {notes.map((note) => (
            <li key={note}>
              <TextValue text={note} />
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}

type Source = Health['sources'][number];
const SOURCE_COLUMNS: readonly Column<Source>[] = [
  {
    id: 'source',
    title: 'Source',
    value: ({ source }) => source,
    cell: ({ source }) => <TextValue text={source} fixed />,
    heads: true,
  },
  ...(['fresh', 'stale', 'not_found', 'unavailable'] as const).map(
    (status): Column<Source> => ({
      id: status,
      title: status.replaceAll('_', ' '),
      value: ({ statuses }) => statuses[status] ?? 0,
      cell: ({ statuses }) => count(statuses[status] ?? 0),
      numeric: true,
    }),
  ),
];

function LogCard({ log, securityReports }: Pick<Health, 'log' | 'securityReports'>) {
  const { state, rows, bytes, newest, oldest, lagSeconds } = log;
  const { icon, kind } = STATES[state === 'ok' ? 'ok' : 'failing'];
  return (
    <Card title="Decision log">
      <p class={`status status-${kind}`}>
        <Icon name={icon} /> {state}
      </p>
      <dl class="terms">
        <dt>Records, estimated</dt>
        <dd>{rows === undefined ? 'unknown' : count(rows)}</dd>
        <dt>Size</dt>
        <dd>{bytes === undefined ? 'unknown' : `${count(Math.round(bytes / 1e6))} MB`}</dd>
        <dt>Newest (UTC)</dt>
        <dd>{newest ? <Time iso={newest} dated /> : 'none'}</dd>
        <dt>Oldest (UTC)</dt>
        <dd>{oldest ? <Time iso={oldest} dated /> : 'none'}</dd>
        <dt>From decision to arrival</dt>
        <dd>
          {lagSeconds === undefined
            ? 'unknown'
            : lagSeconds < 2
              ? `${Math.round(lagSeconds * 1000)} ms`
              : exactDuration(lagSeconds)}
        </dd>
        <dt>Reports of browsers against this page</dt>
        <dd>{count(securityReports)}</dd>
      </dl>
    </Card>
  );
}

type Access = AccessLog['entries'][number];
const ACCESS_COLUMNS: readonly Column<Access>[] = [
  {
    id: 'time',
    title: 'Time (UTC)',
    value: ({ time }) => time,
    cell: ({ time }) => <Time iso={time} dated />,
    heads: true,
  },
  {
    id: 'actor',
    title: 'Who',
    value: ({ actor }) => actor,
    cell: ({ actor }) => <TextValue text={actor} limit={60} fixed />,
  },
  { id: 'role', title: 'Role', value: ({ role }) => role },
  { id: 'action', title: 'Did', value: ({ action }) => action },
  {
    id: 'subject',
    title: 'About',
    value: ({ subject }) => subject,
    cell: ({ subject }) =>
      subject && (
        <Link to={pathTo('people', subject)}>
          <TextValue text={subject} limit={60} fixed />
        </Link>
      ),
  },
  {
    id: 'record',
    title: 'Record',
    value: ({ record }) => record,
    cell: ({ record }) =>
      record && (
        <Link to={pathTo('decisions', record)}>
          <TextValue text={record} limit={40} mono fixed />
        </Link>
      ),
  },
];

function AccessCard() {
  const access = useLoaded('access', (signal) => ask('listAccess', { signal }));
  return (
    <Card title="Who looked at whose data">
      <Loading of={access}>
        {({ entries }) => (
          <DataTable
            caption="Who looked at whose data"
            columns={ACCESS_COLUMNS}
            rows={entries}
            rowKey={({ time, actor, action }) => `${time} ${actor} ${action}`}
          />
        )}
      </Loading>
    </Card>
  );
}
