import { describe, expect, it } from '@jest/globals';
import { DEFAULT_BUSINESS_HOURS, minutesOf, requestTime } from './request-time.js';

const at = (time: string, ...zones: string[]) =>
  requestTime(Date.parse(time), { ...DEFAULT_BUSINESS_HOURS, ...(zones.length > 0 ? { zones } : {}) });

describe('requestTime', () => {
  it('is UTC where no zone is configured', () => {
    expect(at('2026-11-06T16:59:59Z')).toEqual({
      ...{ time: '2026-11-06T16:59:59.000Z', weekday: 5, hourUtc: 16, timeZone: 'UTC' },
      ...{ localTime: '2026-11-06T16:59:59.000Z', localWeekday: 5, localHour: 16, businessHours: true },
      zones: {
        UTC: { localTime: '2026-11-06T16:59:59.000Z', localWeekday: 5, localHour: 16, businessHours: true },
      },
    });
  });

  it.each([
    // Europe leaves daylight saving time on 2026-10-25, the United States on 2026-11-01.
    ['the last working day of summer time', '2026-10-23T07:00:00Z', 'Europe/Berlin', 9, true],
    ['the same UTC time after the change', '2026-10-26T07:00:00Z', 'Europe/Berlin', 8, false],
    ['an hour later in UTC', '2026-10-26T08:00:00Z', 'Europe/Berlin', 9, true],
    ['the week between the changes', '2026-10-26T13:00:00Z', 'America/New_York', 9, true],
    ['after both changes', '2026-11-02T13:00:00Z', 'America/New_York', 8, false],
    ['spring, before the change', '2026-03-27T08:00:00Z', 'Europe/Berlin', 9, true],
    ['spring, after the change', '2026-03-30T07:00:00Z', 'Europe/Berlin', 9, true],
    ['a zone of half an hour', '2026-11-06T03:30:00Z', 'Asia/Kolkata', 9, true],
    ['a zone of half an hour, too early', '2026-11-06T03:29:59Z', 'Asia/Kolkata', 8, false],
    ['the exclusive end', '2026-11-06T16:00:00Z', 'Europe/Berlin', 17, false],
    ['a weekday that is a Saturday elsewhere', '2026-11-06T20:00:00Z', 'Pacific/Auckland', 9, false],
    ['a Sunday that is a Monday elsewhere', '2026-11-08T21:00:00Z', 'Pacific/Auckland', 10, true],
  ])('%s', (_, time, zone, hour, open) => {
    const { localHour, businessHours, zones } = at(time, zone);
    expect({ localHour, businessHours }).toEqual({ localHour: hour, businessHours: open });
    expect(zones[zone]).toMatchObject({ localHour: hour, businessHours: open });
  });

  it('passes 24 hours of each day through every hour that there is, also when one is left out or repeated', () => {
    for (const day of ['2026-03-29', '2026-10-25']) {
      const hours = Array.from({ length: 24 }, (_, hour) => {
        const time = new Date(Date.parse(`${day}T00:00:00Z`) + hour * 3_600_000).toISOString();
        return at(time, 'Europe/Berlin').localTime;
      });
      expect(new Set(hours).size).toBe(24);
      const local = hours.map((time) => Number(time.slice(11, 13)));
      expect(local.filter((hour) => hour === 2)).toHaveLength(day === '2026-03-29' ? 0 : 2);
    }
  });

  it('lists each configured zone', () => {
    expect(Object.keys(at('2026-11-06T10:00:00Z', 'Asia/Tokyo', 'UTC').zones)).toEqual(['Asia/Tokyo', 'UTC']);
  });
});

describe('minutesOf', () => {
  it.each([
    ['09:00-17:30', { from: 540, to: 1050 }],
    ['00:00-24:00', { from: 0, to: 1440 }],
    ['17:00-09:00', undefined],
    ['09:00-24:01', undefined],
    ['9-17', undefined],
  ])('%s', (text, expected) => expect(minutesOf(text)).toEqual(expected));
});
