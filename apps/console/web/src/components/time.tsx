import { clock, dateAndClock, exactDuration, isTime } from '../text/format.js';
import { visibleLine } from '../text/visible-text.js';

interface TimeProps {
  readonly iso: string;
  readonly dated?: boolean;
}

/** A time in UTC. What is no time is shown as the text that it is. */
export function Time({ iso, dated }: TimeProps) {
  if (!isTime(iso)) return <span>{visibleLine(iso, 40)}</span>;
  return (
    <time datetime={iso} title={`${iso} (UTC)`}>
      {dated ? dateAndClock(iso) : clock(iso)}
    </time>
  );
}

interface AgeProps {
  readonly seconds: number;
  /** When the fact was read, UTC. */
  readonly readAt?: string;
}

/** An age to the second. */
export function Age({ seconds, readAt }: AgeProps) {
  return (
    <span class="age" title={readAt ? `${seconds} s, read ${visibleLine(readAt, 40)}` : `${seconds} s`}>
      {exactDuration(seconds)}
    </span>
  );
}
