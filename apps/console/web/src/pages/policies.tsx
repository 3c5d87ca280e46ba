import { useMemo } from 'preact/hooks';
import { ask } from '../api/operations.js';
import { useLoaded } from '../api/request.js';
import { filterOf, fromLocalInput, toLocalInput } from '../app/decision-filter.js';
import { useHasRole } from '../app/me.js';
import { address, navigate, usePlace } from '../app/router.js';
import { Card } from '../components/card.js';
import { Loading } from '../components/loading.js';
import { PageHead } from '../components/page-head.js';
import { PolicyDifference } from '../components/policy-difference.js';
import { RolloutTable } from '../components/rollout-table.js';
import { RuleTable } from '../components/rule-table.js';
import { Time } from '../components/time.js';
import { visibleLine } from '../text/visible-text.js';

/** Which rules decide, which never do, how far each category is enforced, and what a candidate would change. */
export function PoliciesPage() {
  const { query } = usePlace();
  const mayCompare = useHasRole('auditor');
  const { from, to } = useMemo(() => filterOf(query), [query.toString()]);
  const window = { from: from?.[0], to: to?.[0] };
  const key = `${window.from} ${window.to}`;
  const rules = useLoaded(`rules ${key}`, (signal) => ask('listPolicies', { query: window, signal }));
  const rollout = useLoaded(`rollout ${key}`, (signal) => ask('readRollout', { query: window, signal }));
  const set = (name: 'from' | 'to', text: string) =>
    navigate(address('/policies', { ...window, [name]: fromLocalInput(text) }));
  return (
    <>
      <PageHead
        title="Policies"
        sub={
          rules.answer && (
            <>
              <Time iso={rules.answer.from} dated /> to <Time iso={rules.answer.to} dated /> UTC
              {rules.answer.revision && ` · revision ${visibleLine(rules.answer.revision, 40)}`}
            </>
          )
        }
      />
      <form class="card fields" aria-label="Window" onSubmit={(event) => event.preventDefault()}>
        {(['from', 'to'] as const).map((name) => (
          <div key={name}>
            <label for={`window-${name}`}>{name === 'from' ? 'From' : 'To'} (UTC)</label>
            <input
              id={`window-${name}`}
              type="datetime-local"
              step={1}
              value={toLocalInput(window[name])}
              onChange={({ currentTarget }) => set(name, currentTarget.value)}
            />
          </div>
        ))}
      </form>
      <Card title="Rollout" note="How far each category is from observe to enforce.">
        <Loading of={rollout}>{({ categories }) => <RolloutTable categories={categories} />}</Loading>
      </Card>
      <Card title="Rules">
        <Loading of={rules}>{(policies) => <RuleTable policies={policies} />}</Loading>
      </Card>
      {mayCompare && <PolicyDifference />}
    </>
  );
}
