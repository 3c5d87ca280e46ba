const UNITS: readonly (readonly [seconds: number, unit: string])[] = [
  [86_400, 'd'],
  [3600, 'h'],
  [60, 'min'],
  [1, 's'],
];

/** A number of seconds to the second: 72 becomes `1 min 12 s`. */
export function exactDuration(seconds: number): string {
  let rest = Math.round(Math.abs(seconds));
  const parts: string[] = [];
  for (const [size, unit] of UNITS) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count > 0) parts.push(`${count} ${unit}`);
  }
  return parts.join(' ') || '0 s';
}

/** The two largest units of a duration, for running text. */
export function shortDuration(seconds: number): string {
  return exactDuration(seconds).split(' ').slice(0, 4).join(' ');
}

/** Milliseconds with as many digits as are read: `0.4 ms`, `12 ms`, `1.2 s`. */
export function milliseconds(value: number): string {
  if (value >= 1000) return `${(value / 1000).toFixed(1)} s`;
  return `${value < 10 ? Number(value.toFixed(1)) : Math.round(value)} ms`;
}

/** Time of day in UTC, `14:03:07`. What is no time is returned as it is. */
export function clock(iso: string): string {
  return isTime(iso) ? new Date(iso).toISOString().slice(11, 19) : iso;
}

/** Date and time of day in UTC, `2026-11-29 14:03:07`. */
export function dateAndClock(iso: string): string {
  return isTime(iso) ? new Date(iso).toISOString().slice(0, 19).replace('T', ' ') : iso;
}

export function isTime(text: string): boolean {
  return !Number.isNaN(Date.parse(text));
}

const COUNT = new Intl.NumberFormat('en');

/** A count with separators, `1,048,576`. */
export function count(value: number): string {
  return COUNT.format(value);
}

/** `1 decision`, `2 decisions`. */
export function counted(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}
