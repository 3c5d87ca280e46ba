import type { Rollout, Tallies } from '@iris/console-api';
import type { DecisionLog, TimeWindow } from '@iris/decision-log';
import { keyOf, noTallies } from '../decisions/counts.js';
import { boundedText } from '../http/bounded-text.js';

const DAY_MS = 86_400_000;
/** Most categories, the most frequent ones. */
const MAX_CATEGORIES = 50;

/** How far each category is from observe to enforce. */
export async function rolloutOf(log: DecisionLog, window: TimeWindow): Promise<Rollout['categories']> {
  const categories = (await log.values('category', window)).slice(0, MAX_CATEGORIES);
  const rows: Rollout['categories'] = [];
  for (const { value: category } of categories) {
    const counted = await log.counts({ ...window, category: [category] }, 'day');
    const total = tallied(counted);
    const lastDay = counted.filter(({ time }) => time.getTime() > window.to.getTime() - 2 * DAY_MS);
    const { enforcedAllow, enforcedDeny, observedAllow, observedDeny } = total;
    rows.push({
      category: boundedText(category),
      enforcedAllow,
      enforcedDeny,
      observedAllow,
      observedDeny,
      stage: stageOf(lastDay.length === 0 ? total : tallied(lastDay)),
    });
  }
  return rows;
}

function tallied(counted: Awaited<ReturnType<DecisionLog['counts']>>): Tallies {
  const total = noTallies();
  for (const { effect, force, count } of counted) total[keyOf(effect, force)] += count;
  return total;
}

function stageOf({
  enforcedAllow,
  enforcedDeny,
  observedAllow,
  observedDeny,
}: Tallies): 'observe' | 'partly' | 'enforce' {
  if (enforcedAllow + enforcedDeny === 0) return 'observe';
  return observedAllow + observedDeny === 0 ? 'enforce' : 'partly';
}
