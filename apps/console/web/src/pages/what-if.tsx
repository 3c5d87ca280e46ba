import type { DecisionDetail, WhatIf } from '@iris/console-api';
import { useMemo, useState } from 'preact/hooks';
import { ask } from '../api/operations.js';
import { useLoaded } from '../api/request.js';
import { fromLocalInput, toLocalInput } from '../app/decision-filter.js';
import { type Change, changesOf, withChange } from '../app/fact-changes.js';
import { useHasRole } from '../app/me.js';
import type { PageProps } from '../app/pages.js';
import { address, Link, navigate, pathTo, usePlace } from '../app/router.js';
import { Card } from '../components/card.js';
import { DecisionTable } from '../components/decision-table.js';
import { FactEditor } from '../components/fact-editor.js';
import { Icon } from '../components/icon.js';
import { Loading } from '../components/loading.js';
import { Outcome } from '../components/outcome.js';
import { PageHead } from '../components/page-head.js';
import { TextValue } from '../components/text-value.js';
import { Time } from '../components/time.js';
import { typedValue } from '../text/typed-value.js';
import { visibleLine } from '../text/visible-text.js';

/** Asks the PDP a recorded question again, with other facts, another time or another version of the policies. */
export function WhatIfPage({ id }: PageProps) {
  return id === undefined ? <ChooseDecision /> : <AskAgain id={id} />;
}

function ChooseDecision() {
  const { query } = usePlace();
  const newest = useLoaded('newest', (signal) => ask('listDecisions', { query: { limit: 50 }, signal }));
  return (
    <>
      <PageHead title="What if" sub="Choose the decision to ask again." />
      <Loading of={newest}>
        {({ decisions }) => (
          <DecisionTable
            caption="The newest decisions"
            rows={decisions.filter(({ tool }) => tool !== undefined)}
            section="what-if"
            query={query.toString()}
          />
        )}
      </Loading>
    </>
  );
}

/** The question as the address holds it. */
interface Question {
  readonly changes: readonly Change[];
  readonly time?: string;
  readonly policyVersion?: string;
}

function AskAgain({ id }: { readonly id: string }) {
  const { query } = usePlace();
  const decision = useLoaded(`decision ${id}`, (signal) => ask('readDecision', { of: id, signal }));
  const mayAsk = useHasRole('auditor');
  const question = useMemo<Question>(
    () => ({
      changes: changesOf(query),
      time: query.get('time') ?? undefined,
      policyVersion: query.get('policyVersion') ?? undefined,
    }),
    [query.toString()],
  );
  const go = ({ changes, time, policyVersion }: Question) => {
    const held = changes.length === 0 ? undefined : JSON.stringify(changes);
    navigate(address(pathTo('what-if', id), { changes: held, time, policyVersion }), { replace: true });
  };
  return (
    <Loading of={decision}>
      {(detail) => (
        <>
          <Head detail={detail} />
          {mayAsk && detail.canAskAgain ? (
            <QuestionForm detail={detail} question={question} onQuestion={go} />
          ) : (
            <p class="notice">{mayAsk ? 'This record cannot be asked again.' : 'Your role cannot ask the PDP.'}</p>
          )}
        </>
      )}
    </Loading>
  );
}

function Head({ detail: { summary } }: { readonly detail: DecisionDetail }) {
  return (
    <PageHead
      title={`What if: ${visibleLine(summary.tool ?? summary.event, 60)}`}
      sub={
        <>
          <Outcome effect={summary.effect} force={summary.force} /> <Time iso={summary.time} dated /> UTC, by{' '}
          <TextValue text={summary.person} limit={60} fixed />
        </>
      }
    >
      <Link class="button" to={pathTo('decisions', summary.id)}>
        The decision
      </Link>
    </PageHead>
  );
}

interface QuestionFormProps {
  readonly detail: DecisionDetail;
  readonly question: Question;
  readonly onQuestion: (question: Question) => void;
}

function QuestionForm({ detail, question, onQuestion }: QuestionFormProps) {
  const { changes, time, policyVersion } = question;
  const { id } = detail.summary;
  const answer = useLoaded(`${id} ${JSON.stringify(question)}`, (signal) =>
    ask('askWhatIf', { of: id, body: { changes, time, policyVersion }, signal }),
  );
  const onChanges = (next: readonly Change[]) => onQuestion({ ...question, changes: next });
  const facts = (of: Change['of']) =>
    (of === 'principal' ? detail.attributes : detail.resource).map((fact) => ({ ...fact, of }));
  return (
    <>
      <Card title="Answer of the PDP" class="hypothetical">
        <p class="hypothetical-mark">Hypothetical: nothing is recorded or enforced.</p>
        <div aria-live="polite">
          <Loading of={answer}>{(given) => <AnswerView answer={given} changed={changes.length > 0} />}</Loading>
        </div>
      </Card>
      <Card title="When, and by which policies">
        <div class="fields">
          <div>
            <label for="what-if-time">Time of the call (UTC)</label>
            <input
              id="what-if-time"
              type="datetime-local"
              step={1}
              value={toLocalInput(time ?? detail.summary.time)}
              onChange={({ currentTarget }) => onQuestion({ ...question, time: fromLocalInput(currentTarget.value) })}
            />
          </div>
          <div>
            <label for="what-if-version">Policy version</label>
            <input
              id="what-if-version"
              maxLength={128}
              value={policyVersion ?? detail.policyVersion}
              onChange={({ currentTarget }) =>
                onQuestion({ ...question, policyVersion: currentTarget.value.trim() || undefined })
              }
            />
          </div>
        </div>
      </Card>
      <Card title="Facts about the person">
        <FactEditor
          caption="Facts about the person"
          facts={facts('principal')}
          changes={changes}
          onChange={onChanges}
        />
        <AddFact onAdd={(change) => onChanges(withChange(changes, change))} />
      </Card>
      <Card title="Facts about the call">
        <FactEditor caption="Facts about the call" facts={facts('resource')} changes={changes} onChange={onChanges} />
      </Card>
    </>
  );
}

function AnswerView({ answer, changed }: { readonly answer: WhatIf; readonly changed: boolean }) {
  const { recorded, unchanged, effect, message, rules, policyVersion, policyFound, masked } = answer;
  const flips = effect !== recorded;
  return (
    <>
      <p class="why" data-effect={effect}>
        <Icon name={effect === 'ALLOW' ? 'check' : 'cross'} />{' '}
        {effect === 'ALLOW' ? 'Would be allowed' : 'Would be denied'}
        {flips ? ', other than recorded' : ', as recorded'}
        {changed ? '.' : '; no fact is changed.'}
      </p>
      {message && (
        <p>
          Message: <TextValue text={message} />
        </p>
      )}
      <p class="quiet">
        Recorded: {recorded.toLowerCase()}; asked now without changes: {unchanged.toLowerCase()}. Policy version{' '}
        {visibleLine(policyVersion)}. Rules: {rules.map((rule) => visibleLine(rule)).join(', ') || 'none'}.
      </p>
      {!policyFound && <p class="notice notice-warn">The PDP has no policy of this version.</p>}
      {masked && <p class="notice">The record has masked values, and the PDP was asked with them.</p>}
    </>
  );
}

/** A fact that the record does not have. */
function AddFact({ onAdd }: { readonly onAdd: (change: Change) => void }) {
  const [path, setPath] = useState('');
  const [value, setValue] = useState('');
  const add = (event: Event) => {
    event.preventDefault();
    const typed = typedValue(value, undefined);
    if (path.trim() === '' || !('value' in typed)) return;
    onAdd({ of: 'principal', path: path.trim(), to: typed.value as Change['to'] });
    setPath('');
    setValue('');
  };
  return (
    <form class="fields" onSubmit={add}>
      <div>
        <label for="new-fact">Another fact</label>
        <input
          id="new-fact"
          maxLength={512}
          value={path}
          onInput={({ currentTarget }) => setPath(currentTarget.value)}
        />
      </div>
      <div>
        <label for="new-value">Its value</label>
        <input id="new-value" value={value} onInput={({ currentTarget }) => setValue(currentTarget.value)} />
      </div>
      <button type="submit" class="button" disabled={path.trim() === ''}>
        Add
      </button>
    </form>
  );
}
