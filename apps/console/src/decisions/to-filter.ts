import type { DecisionFilter as ApiFilter } from '@iris/console-api';
import type { DecisionFilter } from '@iris/decision-log';

/** The filter of a query as the log takes it. */
export function toFilter(query: ApiFilter): DecisionFilter {
  const { from, to, person, tool, server, category, effect, reason, rule, source, force, session, event, entryPoint } =
    query;
  return {
    ...{ person, tool, server, category, effect, reason, rule, source, force, session, event, entryPoint },
    from: from === undefined ? undefined : new Date(from),
    to: to === undefined ? undefined : new Date(to),
  };
}
