import { milliseconds } from '../text/format.js';

/** A stage of a decision, in ms from its start. */
export interface Stage {
  readonly name: string;
  readonly start: number;
  readonly duration: number;
}

const WIDTH = 1000;
const ROW = 28;

/** When each stage ran: bars for the eye, a list of the same numbers for everybody. */
export function Waterfall({ stages, total }: { readonly stages: readonly Stage[]; readonly total: number }) {
  const scale = (value: number) => (total <= 0 ? 0 : (Math.min(value, total) / total) * WIDTH);
  return (
    <div class="waterfall">
      {stages.map((stage) => (
        <div class="waterfall-row" key={stage.name}>
          <span class="waterfall-name">{stage.name}</span>
          <svg viewBox={`0 0 ${WIDTH} ${ROW}`} preserveAspectRatio="none" aria-hidden="true" focusable="false">
            <rect class="waterfall-track" x="0" y="12" width={WIDTH} height="4" />
            <rect
              class="waterfall-bar"
              x={scale(stage.start)}
              y="6"
              width={Math.max(3, scale(stage.duration))}
              height="16"
            />
          </svg>
          <span class="number">{milliseconds(stage.duration)}</span>
        </div>
      ))}
    </div>
  );
}
