import type { Timing } from '@iris/console-api';
import { milliseconds } from '../text/format.js';

const WIDTH = 1000;
const ROW = 24;

const NAMES: Readonly<Record<Timing['name'], string>> = {
  context: 'Gathering facts',
  pdp: 'Asking the PDP',
  other: 'Everything else',
  total: 'Whole hook',
};

/** When each stage ran: bars for the eye, and the same numbers as text. */
export function Waterfall({ timings }: { readonly timings: readonly Timing[] }) {
  const end = Math.max(...timings.map(({ startMs, durationMs }) => startMs + durationMs), 0.001);
  const scale = (ms: number) => (ms / end) * WIDTH;
  return (
    <ul class="waterfall">
      {timings.map(({ name, startMs, durationMs }) => (
        <li class="waterfall-row" key={name}>
          <span>{NAMES[name]}</span>
          <svg viewBox={`0 0 ${WIDTH} ${ROW}`} preserveAspectRatio="none" aria-hidden="true" focusable="false">
            <rect class="waterfall-track" x="0" y="10" width={WIDTH} height="4" />
            <rect
              class={`waterfall-bar waterfall-${name}`}
              x={Math.min(scale(startMs), WIDTH - 3)}
              y="4"
              width={Math.max(3, scale(durationMs))}
              height="16"
            />
          </svg>
          <span class="number">{milliseconds(durationMs)}</span>
        </li>
      ))}
    </ul>
  );
}
