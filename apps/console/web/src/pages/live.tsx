import type { Counts, DecisionSummary } from '@iris/console-api';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { type StreamState, useLiveDecisions } from '../api/live-decisions.js';
import { ask } from '../api/operations.js';
import { useLoaded } from '../api/request.js';
import { type FilterValues, filterOf } from '../app/decision-filter.js';
import { address, navigate, usePlace } from '../app/router.js';
import { CountsPlot } from '../components/counts-plot.js';
import { DecisionTable } from '../components/decision-table.js';
import { FilterForm } from '../components/filter-form.js';
import { Icon, type IconName } from '../components/icon.js';
import { Failure, Loading } from '../components/loading.js';
import { PageHead } from '../components/page-head.js';
import { TallyTiles } from '../components/tally-tiles.js';
import { counted } from '../text/format.js';

/** Counts are read again this often while new decisions arrive. */
const COUNT_MS = 5_000;
/** New decisions are announced to screen readers at most this often. */
const ANNOUNCE_MS = 6_000;

/** New decisions as they are made, with filters that the address holds. */
export function LivePage() {
  const { query } = usePlace();
  const filter = useMemo(() => filterOf(query), [query.toString()]);
  const [from, to] = [filter.from?.[0], filter.to?.[0]];
  const isLive = to === undefined || Date.parse(to) > Date.now();
  const live = useLiveDecisions(filter, isLive);
  const [paused, setPaused] = useState<readonly DecisionSummary[] | undefined>();
  const rows = paused ?? live.rows;
  const waiting = paused ? live.rows.filter(({ id }) => !paused.some((row) => row.id === id)).length : 0;
  const facets = useLoaded(`facets ${from} ${to}`, (signal) => ask('listFacets', { query: { from, to }, signal }));
  const go = (next: FilterValues) => {
    setPaused(undefined);
    navigate(address('/', next));
  };
  const openedAt = useRef(new Date().toISOString());
  return (
    <>
      <PageHead title="Live" sub={<StreamStatus state={live.state} isLive={isLive} paused={paused !== undefined} />}>
        <button
          type="button"
          class="button"
          aria-pressed={paused !== undefined}
          disabled={!isLive}
          onClick={() => setPaused(paused ? undefined : live.rows)}
        >
          <Icon name={paused ? 'play' : 'pause'} />
          {paused ? `Resume${waiting > 0 ? ` (${waiting} new)` : ''}` : 'Pause'}
        </button>
      </PageHead>
      <FilterForm values={filter} facets={facets.answer} onChange={go} />
      <CountsCard
        filter={filter}
        arrived={paused ? 0 : live.arrived}
        onPeriod={(start, end) => go({ ...filter, from: [start], to: [end] })}
        onWhole={() => go({ ...filter, from: undefined, to: undefined })}
      />
      {live.error && <Failure error={live.error} />}
      <DecisionTable
        caption="Decisions, the newest first"
        rows={rows}
        isNew={({ time }) => time > openedAt.current}
        none={live.state === 'connecting' ? 'Loading…' : 'No decisions match.'}
      />
      <Announcer rows={rows} since={openedAt.current} />
    </>
  );
}

interface CountsCardProps {
  readonly filter: FilterValues;
  readonly arrived: number;
  readonly onPeriod: (from: string, to: string) => void;
  readonly onWhole: () => void;
}

function CountsCard({ filter, arrived, onPeriod, onWhole }: CountsCardProps) {
  const round = useThrottled(arrived, COUNT_MS);
  const counts = useLoaded(`${JSON.stringify(filter)} ${round}`, (signal) =>
    ask('countDecisions', { query: filter, signal }),
  );
  const choose = ({ bucketSeconds }: Counts, start: string) =>
    onPeriod(start, new Date(Date.parse(start) + bucketSeconds * 1000).toISOString());
  return (
    <section class="card" aria-label="Counts">
      <Loading of={counts}>
        {(answer) => (
          <>
            <TallyTiles tallies={answer.total} />
            <CountsPlot counts={answer} onChoose={(start) => choose(answer, start)} />
            {(filter.from || filter.to) && (
              <button type="button" class="button" onClick={onWhole}>
                Show all times
              </button>
            )}
          </>
        )}
      </Loading>
    </section>
  );
}

/** A value that changes at most once in a number of ms. */
function useThrottled(value: number, ms: number): number {
  const [kept, setKept] = useState(value);
  useEffect(() => {
    if (value === kept) return;
    const timer = setTimeout(() => setKept(value), ms);
    return () => clearTimeout(timer);
    // A later value must not move the time: the timer is set once for each kept one.
  }, [value === kept, kept]);
  return kept;
}

const STATES: Readonly<Record<StreamState, { icon: IconName; text: string }>> = {
  connecting: { icon: 'gap', text: 'connecting' },
  live: { icon: 'play', text: 'live' },
  unavailable: { icon: 'warning', text: 'the decision log is unavailable' },
  retrying: { icon: 'warning', text: 'connection lost, trying again' },
  ended: { icon: 'pause', text: 'past decisions' },
};

interface StreamStatusProps {
  readonly state: StreamState;
  readonly isLive: boolean;
  readonly paused: boolean;
}

function StreamStatus({ state, isLive, paused }: StreamStatusProps) {
  const { icon, text } = STATES[isLive ? state : 'ended'];
  return (
    <span class={`stream stream-${state}`} role="status">
      <Icon name={paused ? 'pause' : icon} /> {paused ? 'paused' : text}
    </span>
  );
}

/** Announces how many decisions arrived to screen readers. */
function Announcer({ rows, since }: { readonly rows: readonly DecisionSummary[]; readonly since: string }) {
  const arrived = rows.filter(({ time }) => time > since);
  const told = useThrottled(arrived.length, ANNOUNCE_MS);
  const denied = arrived.filter(({ effect, force }) => effect === 'DENY' && force === 'enforced').length;
  return (
    <p class="hidden" aria-live="polite">
      {told > 0 && `${counted(told, 'decision')} since the page was opened, ${denied} denied`}
    </p>
  );
}
