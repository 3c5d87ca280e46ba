import type { Counts, Tallies } from '@iris/console-api';
import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { onThemeChange } from '../app/theme.js';
import { dateAndClock } from '../text/format.js';
import { type Column, DataTable } from './data-table.js';
import { Time } from './time.js';

/** From the bottom of a bar to its top. Observed ones are hatched: colour alone does not tell them apart. */
const SERIES: readonly { key: keyof Tallies; title: string; hatched?: true }[] = [
  { key: 'enforcedDeny', title: 'Denied' },
  { key: 'observedDeny', title: 'Would be denied (observed)', hatched: true },
  { key: 'enforcedAllow', title: 'Allowed' },
  { key: 'observedAllow', title: 'Allowed (observed)', hatched: true },
];

const HEIGHT = 170;
const DAY_SECONDS = 86_400;

interface CountsPlotProps {
  readonly counts: Counts;
  /** Given the start of a period. */
  readonly onChoose: (start: string) => void;
}

/**
 * Stacked bars of decisions over time; a press on a bar chooses its period. Second opinions of a candidate policy are no
 * decisions: they are a line of their own. The same numbers are a table, whose buttons do what the bars do.
 */
export function CountsPlot({ counts, onChoose }: CountsPlotProps) {
  const place = useRef<HTMLDivElement>(null);
  const legend = useRef<HTMLUListElement>(null);
  const choose = useRef(onChoose);
  choose.current = onChoose;
  useEffect(() => {
    const [host, names] = [place.current, legend.current];
    if (host === null || names === null) return;
    let plot: uPlot | undefined;
    const draw = () => {
      plot?.destroy();
      plot = new uPlot(optionsOf(names, host.clientWidth, counts.bucketSeconds), stacked(counts), host);
      const { over } = plot;
      over.addEventListener('click', () => {
        const start = counts.buckets[plot?.cursor.idx ?? -1]?.start;
        if (start !== undefined) choose.current(start);
      });
    };
    draw();
    const resized = new ResizeObserver(() => plot?.setSize({ width: host.clientWidth, height: HEIGHT }));
    resized.observe(host);
    const endTheme = onThemeChange(draw);
    return () => {
      endTheme();
      resized.disconnect();
      plot?.destroy();
    };
  }, [counts]);
  return (
    <>
      <figure class="counts">
        <ul class="legend" ref={legend}>
          {SERIES.map(({ key, title, hatched }) => (
            <li key={key}>
              <span class={`swatch swatch-${key}${hatched ? ' swatch-hatched' : ''}`} aria-hidden="true" /> {title}
            </li>
          ))}
          <li>
            <span class="swatch swatch-shadow" aria-hidden="true" /> Candidate differs (shadow)
          </li>
        </ul>
        <div class="plot" ref={place} role="img" aria-label="Decisions over time; the numbers follow as a table" />
      </figure>
      <details>
        <summary>The numbers</summary>
        <PeriodTable counts={counts} onChoose={onChoose} />
      </details>
    </>
  );
}

/** uPlot draws each series from zero, so the whole bar is first and its lower parts cover it. */
function stacked({ buckets, bucketSeconds }: Counts): uPlot.AlignedData {
  const sums = SERIES.map((_, top) =>
    buckets.map((bucket) => SERIES.slice(0, top + 1).reduce((sum, { key }) => sum + bucket[key], 0) || null),
  );
  return [
    buckets.map(({ start }) => Date.parse(start) / 1000 + bucketSeconds / 2),
    ...sums.reverse(),
    buckets.map((bucket) => shadowOf(bucket) || null),
  ];
}

/** Second opinions that differ from the decision, either way. */
function shadowOf({ shadowAllow, shadowDeny }: Tallies): number {
  return shadowAllow + shadowDeny;
}

function optionsOf(legend: HTMLElement, width: number, bucketSeconds: number): uPlot.Options {
  const colours = [...legend.querySelectorAll('.swatch')].map((swatch) => getComputedStyle(swatch).color);
  const style = getComputedStyle(legend);
  const bars = uPlot.paths.bars?.({ size: [0.8, 36] });
  const axis: uPlot.Axis = {
    stroke: style.color,
    grid: { stroke: style.outlineColor, width: 1 },
    ticks: { show: false },
    font: `11px ${style.fontFamily}`,
  };
  const shadow = colours.at(-1);
  const series = SERIES.map(({ hatched }, index): uPlot.Series => {
    const colour = colours[index] ?? style.color;
    return {
      fill: hatched ? hatching(colour, style.accentColor) : colour,
      stroke: colour,
      width: 1,
      paths: bars,
      points: { show: false },
    };
  });
  return {
    width,
    height: HEIGHT,
    legend: { show: false },
    cursor: { drag: { x: false, y: false }, points: { show: false } },
    scales: {
      x: { range: (_plot, low, high) => [low - bucketSeconds / 2, high + bucketSeconds / 2] },
      y: { range: (_plot, _low, high) => [0, Math.max(1, (high ?? 0) * 1.08)] },
    },
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), 'Etc/UTC'),
    axes: [
      { ...axis, values: (_plot, splits, _axis, _space, increment) => splits.map((at) => shownTime(at, increment)) },
      { ...axis, size: 46, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 5000, 20_000, 100_000] },
    ],
    series: [
      {},
      ...series.reverse(),
      { stroke: shadow, width: 0, points: { show: true, size: 7, fill: shadow, stroke: shadow }, paths: () => null },
    ],
  };
}

/** A time on the axis in UTC: the day where the steps are days, otherwise the time of day. */
function shownTime(seconds: number, increment: number): string {
  const shown = dateAndClock(new Date(seconds * 1000).toISOString());
  return increment >= DAY_SECONDS ? shown.slice(0, 10) : shown.slice(11, increment < 60 ? 19 : 16);
}

/** Stripes of a colour on the colour of the ground. */
function hatching(colour: string, ground: string): (plot: uPlot) => CanvasPattern | string {
  return ({ ctx }) => {
    const tile = document.createElement('canvas');
    tile.width = 6;
    tile.height = 6;
    const pen = tile.getContext('2d');
    if (pen === null) return colour;
    pen.fillStyle = ground;
    pen.fillRect(0, 0, 6, 6);
    pen.strokeStyle = colour;
    pen.lineWidth = 2;
    for (const start of [-6, 0, 6]) {
      pen.moveTo(start, 6);
      pen.lineTo(start + 6, 0);
    }
    pen.stroke();
    return ctx.createPattern(tile, 'repeat') ?? colour;
  };
}

type Bucket = Counts['buckets'][number];

function PeriodTable({ counts, onChoose }: CountsPlotProps) {
  const columns: readonly Column<Bucket>[] = [
    {
      id: 'start',
      title: 'From (UTC)',
      value: ({ start }) => start,
      cell: ({ start }) => (
        <button type="button" class="more" onClick={() => onChoose(start)} aria-label={`Only ${dateAndClock(start)}`}>
          <Time iso={start} dated />
        </button>
      ),
      heads: true,
    },
    ...SERIES.map(({ key, title }) => ({ id: key, title, value: (bucket: Bucket) => bucket[key], numeric: true })),
    { id: 'shadow', title: 'Candidate differs (shadow)', value: shadowOf, numeric: true },
  ];
  return (
    <DataTable caption="Decisions over time" columns={columns} rows={counts.buckets} rowKey={({ start }) => start} />
  );
}
