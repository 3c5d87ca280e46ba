import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { onThemeChange } from '../app/theme.js';

/** Decisions in one period, by how they ended. */
export interface Period {
  /** Start of the period, UTC, ISO 8601. */
  readonly start: string;
  readonly allowed: number;
  readonly observed: number;
  readonly denied: number;
}

interface CountsPlotProps {
  readonly periods: readonly Period[];
  /** Length of a period in s. */
  readonly seconds: number;
  readonly onChoose: (period: Period) => void;
}

const SERIES = [
  { key: 'allowed', title: 'Allowed' },
  { key: 'observed', title: 'Would be denied (observed)' },
  { key: 'denied', title: 'Denied' },
] as const;

const HEIGHT = 160;

/**
 * Stacked bars of counts over time; a press on a bar chooses its period. For those who do not see it or have no pointer
 * the same numbers are buttons in a table.
 */
export function CountsPlot({ periods, seconds, onChoose }: CountsPlotProps) {
  const place = useRef<HTMLDivElement>(null);
  const legend = useRef<HTMLUListElement>(null);
  const choose = useRef(onChoose);
  choose.current = onChoose;
  useEffect(() => {
    const [host, names] = [place.current, legend.current];
    if (host === null || names === null || periods.length === 0) return;
    let plot: uPlot | undefined;
    const draw = () => {
      plot?.destroy();
      const options = optionsOf(names, host.clientWidth, (index) => {
        const period = periods[index];
        if (period !== undefined) choose.current(period);
      });
      plot = new uPlot(options, stacked(periods, seconds), host);
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
  }, [periods, seconds]);
  return (
    <figure class="counts">
      <ul class="legend" ref={legend}>
        {SERIES.map(({ key, title }) => (
          <li key={key} class={`series series-${key}`}>
            <span class="swatch" aria-hidden="true" /> {title}
          </li>
        ))}
      </ul>
      <div class="plot" ref={place} role="img" aria-label="Decisions over time; the numbers follow as a table" />
    </figure>
  );
}

/** uPlot draws each series from zero, so the tallest comes first and the next ones cover it. */
function stacked(periods: readonly Period[], seconds: number): uPlot.AlignedData {
  return [
    periods.map(({ start }) => Date.parse(start) / 1000 + seconds / 2),
    periods.map(({ allowed, observed, denied }) => allowed + observed + denied),
    periods.map(({ observed, denied }) => observed + denied),
    periods.map(({ denied }) => denied),
  ];
}

function optionsOf(legend: HTMLElement, width: number, onIndex: (index: number) => void): uPlot.Options {
  const colours = [...legend.querySelectorAll('.swatch')].map((swatch) => getComputedStyle(swatch).color);
  const style = getComputedStyle(legend);
  const bars = uPlot.paths.bars?.({ size: [0.8, 40] });
  const axis: uPlot.Axis = {
    stroke: style.color,
    grid: { stroke: style.borderTopColor, width: 1 },
    ticks: { show: false },
    font: `11px ${style.fontFamily}`,
  };
  return {
    width,
    height: HEIGHT,
    legend: { show: false },
    cursor: { drag: { x: false, y: false }, points: { show: false } },
    scales: { y: { range: (_plot, _low, high) => [0, Math.max(1, high * 1.05)] } },
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), 'Etc/UTC'),
    axes: [axis, { ...axis, size: 44, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 5000, 10_000, 100_000] }],
    series: [{}, ...colours.map((colour) => ({ fill: colour, stroke: colour, width: 0, paths: bars }))],
    hooks: {
      init: [
        (plot) => {
          plot.over.addEventListener('click', () => {
            const { idx } = plot.cursor;
            if (typeof idx === 'number') onIndex(idx);
          });
        },
      ],
    },
  };
}
