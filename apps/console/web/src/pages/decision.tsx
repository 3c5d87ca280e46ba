import type { DecisionDetail } from '@iris/console-api';
import type { ComponentChildren } from 'preact';
import { ask } from '../api/operations.js';
import { useLoaded } from '../api/request.js';
import { useHasRole } from '../app/me.js';
import type { PageProps } from '../app/pages.js';
import { Link, pathTo } from '../app/router.js';
import { webAddress } from '../app/web-address.js';
import { Card } from '../components/card.js';
import { type Column, DataTable } from '../components/data-table.js';
import { FactsTable } from '../components/facts-table.js';
import { Icon } from '../components/icon.js';
import { JsonValue } from '../components/json-value.js';
import { Loading } from '../components/loading.js';
import { Outcome } from '../components/outcome.js';
import { PageHead } from '../components/page-head.js';
import { RawRecord } from '../components/raw-record.js';
import { RuleTextView } from '../components/rule-text.js';
import { SmallestChangeCard } from '../components/smallest-change.js';
import { TextValue } from '../components/text-value.js';
import { Time } from '../components/time.js';
import { Waterfall } from '../components/waterfall.js';
import { visibleLine } from '../text/visible-text.js';

/** One decision with all that it was based on. */
export function DecisionPage({ id = '' }: PageProps) {
  const decision = useLoaded(`decision ${id}`, (signal) => ask('readDecision', { of: id, signal }));
  return (
    <Loading of={decision}>
      {(detail) => (
        <>
          <Head detail={detail} />
          <Why detail={detail} />
          <Card
            title="Facts about the person"
            note="What the PDP was given, with the source of each fact, its age at the decision and when it ends."
          >
            <FactsTable caption="Facts about the person" attributes={detail.attributes} none="No facts were given." />
          </Card>
          <div class="columns">
            <RulesCard detail={detail} />
            <div>
              <CallCard detail={detail} />
              <Card title="Timings">
                <Waterfall timings={detail.timings} />
              </Card>
            </div>
          </div>
          <Card title="Facts about the call">
            <FactsTable caption="Facts about the call" attributes={detail.resource} none="No tool call." />
          </Card>
          <Record detail={detail} />
        </>
      )}
    </Loading>
  );
}

function Head({ detail }: { readonly detail: DecisionDetail }) {
  const { summary, canAskAgain } = detail;
  const traceUrl = webAddress(detail.traceUrl);
  return (
    <PageHead
      title={visibleLine(summary.tool ?? summary.event, 80)}
      sub={
        <>
          <Outcome effect={summary.effect} force={summary.force} /> <Time iso={summary.time} dated /> UTC
        </>
      }
    >
      {canAskAgain && (
        <Link class="button" to={pathTo('what-if', summary.id)}>
          What if
        </Link>
      )}
      {traceUrl && (
        <a class="button" href={traceUrl} rel="noreferrer noopener" target="_blank">
          <Icon name="link" /> Trace
        </a>
      )}
    </PageHead>
  );
}

function Why({ detail }: { readonly detail: DecisionDetail }) {
  const { summary, why, canAskAgain } = detail;
  return (
    <>
      <section class="card" aria-label="Why">
        <p class="why">
          <TextValue text={why} limit={600} />
        </p>
        <p class="quiet">
          <Link to={pathTo('people', summary.person)}>
            <TextValue text={summary.person} limit={120} fixed />
          </Link>
          {summary.session && (
            <>
              {' · session '}
              <Link to={pathTo('sessions', summary.session)}>
                <TextValue text={summary.session} limit={60} fixed />
              </Link>
            </>
          )}
          {` · reply to the hook: ${summary.reply}`}
          {summary.wouldHave && `; enforcement would have replied ${summary.wouldHave}`}
        </p>
        {summary.erased && <p class="notice">The personal fields of this record were erased.</p>}
      </section>
      {canAskAgain && summary.effect === 'DENY' && <SmallestChangeCard id={summary.id} />}
    </>
  );
}

function RulesCard({ detail }: { readonly detail: DecisionDetail }) {
  return (
    <Card title="Rules that decided">
      {detail.rules.length === 0 && <p class="none">No rule decided: {visibleLine(detail.summary.reason)}.</p>}
      {detail.rules.map((rule) => (
        <RuleTextView key={rule.rule} rule={rule} />
      ))}
    </Card>
  );
}

type Effect = DecisionDetail['effects'][number];
const EFFECT_COLUMNS: readonly Column<Effect>[] = (
  [
    ['program', 'Program'],
    ['operation', 'Does'],
    ['system', 'System'],
    ['category', 'Category'],
    ['environment', 'Environment'],
    ['target', 'Target'],
  ] as const
).map(([id, title]) => ({
  id,
  title,
  value: (effect) => effect[id],
  cell: (effect) => <TextValue text={effect[id] ?? ''} limit={120} />,
}));

function CallCard({ detail }: { readonly detail: DecisionDetail }) {
  const { effects, anomalies, parameters, parametersHidden, parametersCut } = detail;
  return (
    <Card title="What the call does">
      {effects.length > 0 && (
        <DataTable
          caption="Effects of the call"
          columns={EFFECT_COLUMNS}
          rows={effects}
          rowKey={(effect) => JSON.stringify(effect).slice(0, 200)}
        />
      )}
      {anomalies.length > 0 && (
        <p class="notice notice-warn">
          <Icon name="warning" /> Anomalies: {anomalies.map((one) => visibleLine(one, 60)).join(', ')}
        </p>
      )}
      <h3>Parameters, secrets masked</h3>
      {parametersHidden ? <p class="quiet">Hidden from your role.</p> : <JsonValue value={parameters} />}
      {parametersCut && <p class="quiet">Long parts are left out; the raw record has them.</p>}
    </Card>
  );
}

function Record({ detail }: { readonly detail: DecisionDetail }) {
  const mayRead = useHasRole('auditor');
  const { summary } = detail;
  const terms: readonly (readonly [string, ComponentChildren])[] = [
    ['Record', <TextValue key="id" text={summary.id} mono />],
    ['Reason', <TextValue key="reason" text={summary.reason} mono />],
    ['Event', visibleLine(`${summary.event}, phase ${summary.phase}, ${summary.entryPoint}`)],
    ['Roles', <JsonValue key="roles" value={detail.roles} />],
    ['Derived roles', <JsonValue key="derived" value={detail.derivedRoles} />],
    ['Policies', visibleLine([detail.policyVersion, detail.policyRevision].filter(Boolean).join(', revision '))],
    ['Iris', visibleLine(detail.irisVersion ?? 'not recorded')],
    ['Trace', <TextValue key="trace" text={detail.traceId ?? 'none'} mono />],
  ];
  return (
    <Card title="Record">
      <dl class="terms">
        {terms.map(([term, value]) => (
          <>
            <dt>{term}</dt>
            <dd>{value}</dd>
          </>
        ))}
      </dl>
      {mayRead && <RawRecord id={summary.id} />}
    </Card>
  );
}
