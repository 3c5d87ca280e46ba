import { DateTime } from 'luxon';

/** When the organisation works. */
export interface BusinessHours {
  /** IANA time zones; the first one is the organisation's own. */
  readonly zones: readonly string[];
  /** Weekdays, 0 is Sunday. */
  readonly days: readonly number[];
  /** Local time of day, `HH:MM-HH:MM`; the end is exclusive. */
  readonly hours: string;
}

/** One zone, every weekday from nine to five. */
export const DEFAULT_BUSINESS_HOURS: BusinessHours = { zones: ['UTC'], days: [1, 2, 3, 4, 5], hours: '09:00-17:00' };

const HOURS = /^([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-4]):([0-5]\d)$/;

/** A time as policies see it, in one zone. */
interface ZonedTime {
  /** ISO 8601 with offset. */
  readonly localTime: string;
  /** 0 is Sunday. */
  readonly localWeekday: number;
  /** 0 to 23. */
  readonly localHour: number;
  readonly businessHours: boolean;
}

interface RequestTime extends ZonedTime {
  /** ISO 8601, UTC. */
  readonly time: string;
  readonly weekday: number;
  readonly hourUtc: number;
  readonly timeZone: string;
  /** By the name of each configured zone. */
  readonly zones: Readonly<Record<string, ZonedTime>>;
}

/** Minutes of the day between which people work; undefined when the text has another form or ends before it starts. */
export function minutesOf(hours: string): { readonly from: number; readonly to: number } | undefined {
  const match = HOURS.exec(hours);
  if (match === null) return undefined;
  const [fromHour = 0, fromMinute = 0, toHour = 0, toMinute = 0] = match.slice(1).map(Number);
  const from = fromHour * 60 + fromMinute;
  const to = toHour * 60 + toMinute;
  return from < to && to <= 24 * 60 ? { from, to } : undefined;
}

/**
 * The attribute `request`. Local times follow daylight saving time.
 *
 * @param at epoch ms
 */
export function requestTime(at: number, business: BusinessHours): RequestTime {
  const utc = new Date(at);
  const zones = Object.fromEntries(business.zones.map((zone) => [zone, zonedTime(at, zone, business)]));
  const [own = 'UTC'] = business.zones;
  return {
    ...{ time: utc.toISOString(), weekday: utc.getUTCDay(), hourUtc: utc.getUTCHours() },
    timeZone: own,
    ...(zones[own] ?? zonedTime(at, own, business)),
    zones,
  };
}

function zonedTime(at: number, zone: string, { days, hours }: BusinessHours): ZonedTime {
  const local = DateTime.fromMillis(at, { zone });
  const weekday = local.weekday % 7;
  const minute = local.hour * 60 + local.minute;
  const window = minutesOf(hours);
  const isOpen = window !== undefined && minute >= window.from && minute < window.to;
  return {
    localTime: local.toISO() ?? new Date(at).toISOString(),
    localWeekday: weekday,
    localHour: local.hour,
    businessHours: isOpen && days.includes(weekday),
  };
}
