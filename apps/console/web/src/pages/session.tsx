import type { Session, SessionCall } from '@iris/console-api';
import { useState } from 'preact/hooks';
import { ask } from '../api/operations.js';
import { useLoaded } from '../api/request.js';
import type { PageProps } from '../app/pages.js';
import { address, Link, pathTo } from '../app/router.js';
import { ChooseId } from '../components/choose-id.js';
import { ruleName } from '../components/decision-table.js';
import { Icon } from '../components/icon.js';
import { Failure, Loading } from '../components/loading.js';
import { Outcome } from '../components/outcome.js';
import { PageHead } from '../components/page-head.js';
import { TextValue } from '../components/text-value.js';
import { Time } from '../components/time.js';
import { counted } from '../text/format.js';
import { visibleLine } from '../text/visible-text.js';

/** The calls of an agent's session in order, with what was withheld. */
export function SessionPage({ id }: PageProps) {
  if (id === undefined) {
    return (
      <>
        <PageHead title="Sessions" sub="Sessions of agents by id." />
        <ChooseId section="sessions" label="Session" idOf={({ session }) => session} />
      </>
    );
  }
  return <OneSession id={id} />;
}

function OneSession({ id }: { readonly id: string }) {
  const first = useLoaded(`session ${id}`, (signal) => ask('readSession', { of: id, signal }));
  return (
    <>
      <PageHead title="Session" sub={<TextValue text={id} limit={120} mono fixed />}>
        <Link class="button" to={address('/', { session: [id] })}>
          Live decisions
        </Link>
      </PageHead>
      <Loading of={first}>{(session) => <Calls first={session} />}</Loading>
    </>
  );
}

function Calls({ first }: { readonly first: Session }) {
  const [pages, setPages] = useState<readonly Session[]>([first]);
  const [error, setError] = useState<Error>();
  const calls = pages.flatMap((page) => page.calls);
  const next = pages.at(-1)?.next;
  const more = () =>
    ask('readSession', { of: first.id, query: { cursor: next } }).then((page) => setPages([...pages, page]), setError);
  const withheld = calls.filter((call) => call.withheld).length;
  if (calls.length === 0) return <p class="none">The log has no decisions of this session.</p>;
  return (
    <>
      <p>
        {counted(calls.length, 'decision')}
        {next && ' so far'}, {withheld} withheld.
      </p>
      <ol class="timeline">
        {calls.map((call) => (
          <Call key={call.id} call={call} />
        ))}
      </ol>
      {error && <Failure error={error} />}
      {next && (
        <button type="button" class="button" onClick={more}>
          Show more
        </button>
      )}
    </>
  );
}

function Call({ call }: { readonly call: SessionCall }) {
  const { id, time, tool, event, phase, effect, force, person, reason, rules, withheld } = call;
  return (
    <li class={withheld ? 'call withheld' : 'call'}>
      <Link to={pathTo('decisions', id)}>
        <Time iso={time} dated />
      </Link>
      <span class="call-tool">
        <TextValue text={tool ?? event} limit={100} fixed />
        <span class="quiet"> {visibleLine(phase, 40)}</span>
      </span>
      <Outcome effect={effect} force={force} />
      {withheld && (
        <span class="withheld-mark">
          <Icon name="shield" /> withheld
        </span>
      )}
      <span class="quiet">
        <TextValue text={[person, reason, ...rules.map(ruleName)].join(' · ')} limit={160} fixed />
      </span>
    </li>
  );
}
