import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { openDecisionLog, type PostgresDecisionLog } from '../src/index.js';
import { databases } from './databases.js';
import { sampleRecord } from './sample-record.js';

const NOW = Date.parse('2026-11-05T12:00:00Z');
const at = (minutes: number) => new Date(NOW - minutes * 60_000).toISOString();
const WINDOW = { from: new Date('2026-11-04T00:00:00Z'), to: new Date('2026-11-06T00:00:00Z') };

describe.each(databases())('the decision log in $name', ({ start }) => {
  let close: () => Promise<void>;
  let log: PostgresDecisionLog;
  let url: string;

  beforeAll(async () => {
    ({ url, close } = await start());
    log = openDecisionLog(url);
    await log.migrate();
  });

  afterAll(async () => {
    await log.close();
    await close();
  });

  beforeEach(async () => {
    await log.dropBefore(new Date('2030-01-01'));
  });

  it('stores each record once', async () => {
    const records = [sampleRecord({ time: at(1) }), sampleRecord({ time: at(2) })];
    expect(await log.insert(records)).toEqual({ inserted: 2, repeated: 0, erased: 0 });
    expect(await log.insert([...records, sampleRecord({ time: at(3) })])).toEqual({
      inserted: 1,
      repeated: 2,
      erased: 0,
    });
    expect((await log.list({})).decisions).toHaveLength(3);
    expect((await log.counts({ ...WINDOW }, 'day')).map(({ count }) => count)).toEqual([3]);
  });

  it('stores a record that is twice in one batch once', async () => {
    const record = sampleRecord({ time: at(1) });
    expect(await log.insert([record, record])).toEqual({ inserted: 1, repeated: 1, erased: 0 });
  });

  it('counts what writers at the same time insert exactly once', async () => {
    const records = Array.from({ length: 60 }, (_, index) =>
      sampleRecord({ time: at(index), reason: `reason_${index % 3}` }),
    );
    const outcomes = await Promise.all([0, 10, 20, 30].map((from) => log.insert(records.slice(from, from + 30))));
    expect(outcomes.reduce((sum, { inserted }) => sum + inserted, 0)).toBe(60);
    const counts = await log.counts({ ...WINDOW }, 'hour');
    expect(counts.reduce((sum, { count }) => sum + count, 0)).toBe(60);
  });

  it('returns the whole record, with the characters that PostgreSQL cannot hold replaced', async () => {
    const params = {
      sql: 'select \u0000 <b>\u202e',
      big: 'x'.repeat(1_000_000),
      lone: '\ud800!',
      ok: '😀',
      '\u0000': 1,
    };
    const record = sampleRecord({ time: at(1), resource: { kind: 'k', id: 'c', attr: { params } } });
    await log.insert([record]);
    const decision = await log.get(record.id);
    expect(decision?.record).toEqual({
      ...record,
      resource: {
        kind: 'k',
        id: 'c',
        attr: {
          params: { ...params, sql: 'select \ufffd <b>\u202e', lone: '\ufffd!', '\u0000': undefined, '\ufffd': 1 },
        },
      },
    });
    expect(await log.get('01a22402-32d8-7502-b082-2ee7effd3ad7')).toBeUndefined();
    expect(await log.get('\u0000')).toBeUndefined();
  });

  it('keeps texts of any length findable', async () => {
    const tool = `tool_${'\ud83d\ude00'.repeat(5000)}`;
    await log.insert([sampleRecord({ time: at(1), action: tool, sessionId: 's'.repeat(9000) })]);
    expect((await log.list({ tool: [tool] })).decisions).toHaveLength(1);
    expect((await log.session('s'.repeat(9000))).decisions).toHaveLength(1);
    expect((await log.list({ tool: [`${tool}!`] })).decisions).toHaveLength(0);
  });

  it('imports records, each once, and counts what it refuses', async () => {
    const ahead = sampleRecord({ time: new Date(Date.now() + 5 * 86_400_000).toISOString() });
    const known = [sampleRecord({ time: at(1) }), sampleRecord({ time: at(2) }), sampleRecord({ time: at(2) })];
    const records = async function* () {
      yield* [...known, ahead, ...known];
    };
    expect(await log.import(records())).toEqual({ inserted: 3, repeated: 3, erased: 0, refused: 1 });
    expect((await log.counts({ ...WINDOW }, 'day')).map(({ count }) => count)).toEqual([3]);
  });

  it('keeps a late record in its own day', async () => {
    const late = sampleRecord({ time: '2026-09-01T10:00:00.000Z' });
    await log.insert([sampleRecord({ time: at(1) }), late]);
    const { partitions, oldest } = await log.status();
    expect(partitions.map(({ day }) => day)).toEqual(expect.arrayContaining(['2026-09-01', '2026-11-05']));
    expect(oldest).toEqual(new Date(late.time));
    expect(await log.dropBefore(new Date('2026-09-02T00:00:00Z'))).toEqual(['2026-09-01']);
    expect((await log.list({})).decisions).toHaveLength(1);
    expect(await log.counts({ from: new Date('2026-08-30'), to: new Date('2026-09-03') }, 'day')).toEqual([]);
    // The partition that was dropped is made again.
    expect(await log.insert([late])).toMatchObject({ inserted: 1 });
  });

  it('refuses a record whose clock is wrong', async () => {
    const ahead = new Date(Date.now() + 5 * 86_400_000).toISOString();
    await expect(log.insert([sampleRecord({ time: ahead })])).rejects.toThrow(/clock of its gateway/);
  });

  describe('with decisions of several kinds', () => {
    const denied = sampleRecord({
      time: at(10),
      effect: 'DENY',
      reason: 'policy_denied',
      principal: { id: 'Ben@example.com', roles: [], attr: {} },
      resource: { kind: 'k', id: 'c', attr: { category: 'shell', tool: { server: 'files' } } },
      action: 'Bash',
      policy: { version: 'default', rules: ['p#a', 'p#b'], derivedRoles: [], outputs: [] },
      sources: { pagerduty: { status: 'stale', origin: 'redis' }, okta: { status: 'fresh', origin: 'l1' } },
      sessionId: 'other',
      hookKey: 'second',
      event: 'tool_call_response',
      reply: 'modify',
    });
    const observed = sampleRecord({
      time: at(20),
      effect: 'DENY',
      mode: 'observe',
      enforced: false,
      wouldHave: 'block',
    });
    const shadow = sampleRecord({ time: at(30), effect: 'DENY', mode: 'shadow', enforced: false });
    const allowed = sampleRecord({ time: at(40) });

    beforeEach(async () => {
      await log.insert([allowed, shadow, observed, denied]);
    });

    it.each([
      ['person', { person: ['ben@EXAMPLE.com'] }],
      ['tool', { tool: ['Bash', 'none'] }],
      ['server', { server: ['files'] }],
      ['category', { category: ['shell'] }],
      ['effect and force', { effect: ['DENY' as const], force: ['enforced' as const] }],
      ['reason', { reason: ['policy_denied'] }],
      ['rule', { rule: ['p#b'] }],
      ['source', { source: ['pagerduty:stale'] }],
      ['session', { session: ['other'] }],
      ['event', { event: ['tool_call_response'] }],
      ['caller', { caller: ['second'] }],
      ['time', { from: new Date(at(15)), to: new Date(at(10)) }],
    ])('filters by %s', async (name, filter) => {
      const { decisions } = await log.list(filter);
      expect(decisions.map(({ id }) => id)).toEqual(name === 'time' ? [] : [denied.id]);
      const arrivals = await log.since('a0', filter);
      expect(arrivals.decisions.map(({ id }) => id)).toEqual(name === 'time' ? [] : [denied.id]);
      const counts = await log.counts({ ...WINDOW, ...filter }, name === 'time' ? 'minute' : 'hour');
      expect(counts.map(({ count }) => count)).toEqual(name === 'time' ? [] : [1]);
      const window: string[] = [];
      for await (const { id } of log.window(filter)) window.push(id);
      expect(window).toEqual(name === 'time' ? [] : [denied.id]);
    });

    it('shows what a line of a list needs', async () => {
      expect((await log.list({ person: ['ben@example.com'] })).decisions).toEqual([
        {
          id: denied.id,
          time: new Date(denied.time),
          person: 'Ben@example.com',
          tool: 'Bash',
          server: 'files',
          category: 'shell',
          effect: 'DENY',
          reason: 'policy_denied',
          force: 'enforced',
          reply: 'modify',
          rules: ['p#a', 'p#b'],
          sources: ['okta:fresh', 'pagerduty:stale'],
          session: 'other',
          event: 'tool_call_response',
          phase: 'executed',
          entryPoint: 'gateway',
          caller: 'second',
          traceId: denied.traceId,
          decisionKey: denied.decisionKey,
          totalMs: 4,
          erased: false,
        },
      ]);
    });

    it('pages without a gap or a repeat', async () => {
      const seen: string[] = [];
      let cursor: string | undefined;
      do {
        const page = await log.list({}, { limit: 1, cursor });
        seen.push(...page.decisions.map(({ id }) => id));
        cursor = page.next;
      } while (cursor !== undefined);
      expect(seen).toEqual([denied, observed, shadow, allowed].map(({ id }) => id));
      await expect(log.list({}, { cursor: 'nonsense' })).rejects.toThrow(RangeError);
      await expect(log.list({}, { limit: 0 })).rejects.toThrow(RangeError);
    });

    it('keeps observed, shadow and enforced apart in counts and rules', async () => {
      const counts = await log.counts({ ...WINDOW }, 'day');
      const time = new Date('2026-11-05T00:00:00Z');
      expect(counts).toEqual([
        { time, effect: 'ALLOW', force: 'enforced', count: 1 },
        { time, effect: 'DENY', force: 'enforced', count: 1 },
        { time, effect: 'DENY', force: 'observed', count: 1 },
        { time, effect: 'DENY', force: 'shadow', count: 1 },
      ]);
      const minutes = await log.counts({ from: new Date(at(60)), to: new Date(at(0)) }, 'minute');
      expect(minutes.map(({ time: minute }) => minute.toISOString())).toEqual([at(40), at(30), at(20), at(10)]);
      expect(await log.rules(WINDOW)).toEqual(
        ['p#a', 'p#b'].map((rule) => ({
          rule,
          enforced: { hits: 1, denials: 1 },
          observed: { hits: 0, denials: 0 },
          shadow: { hits: 0, denials: 0 },
          lastHit: new Date('2026-11-05T11:00:00Z'),
        })),
      );
    });

    it('refuses counts of too many buckets', async () => {
      const long = { from: new Date('2020-01-01'), to: new Date('2026-01-01') };
      await expect(log.counts(long, 'hour')).rejects.toThrow(/wider bucket/);
      await expect(log.counts({ from: new Date('x'), to: new Date() }, 'hour')).rejects.toThrow(RangeError);
    });

    it('shows a person', async () => {
      const { recent, tools, sessions } = await log.person('ADA@example.com');
      expect(recent.map(({ id }) => id)).toEqual([observed, shadow, allowed].map(({ id }) => id));
      expect(tools).toEqual([{ tool: 'mcp__db__query', decisions: 2, denials: 1, lastSeen: new Date(observed.time) }]);
      expect(sessions).toEqual([{ session: 'session-1', decisions: 3, lastSeen: new Date(observed.time) }]);
    });

    it('lists the values of a field', async () => {
      expect(await log.values('source', WINDOW)).toEqual([
        { value: 'okta:fresh', count: 1 },
        { value: 'pagerduty:stale', count: 1 },
      ]);
      expect(await log.values('tool', WINDOW)).toEqual([
        { value: 'mcp__db__query', count: 3 },
        { value: 'Bash', count: 1 },
      ]);
    });

    it('continues a tail where it was left', async () => {
      const { cursor } = await log.since(undefined);
      const late = sampleRecord({ time: at(5000) });
      const next = sampleRecord({ time: at(1) });
      await log.insert([late]);
      await log.insert([next, denied]);
      const first = await log.since(cursor, {}, 1);
      expect(first).toMatchObject({ decisions: [{ id: late.id }], more: true });
      const second = await log.since(first.cursor);
      expect(second).toMatchObject({ decisions: [{ id: next.id }], more: false });
      expect(await log.since(second.cursor)).toEqual({ decisions: [], cursor: second.cursor, more: false });
      // A filter that nothing passes moves on.
      expect((await log.since(cursor, { tool: ['none'] })).cursor).toBe(second.cursor);
    });

    it('erases a person, also from records that come again', async () => {
      const erasure = { reason: 'request 7', time: new Date('2026-11-05T13:00:00Z') };
      expect(await log.erase('BEN@example.com', erasure)).toBe(1);
      expect((await log.list({ person: ['ben@example.com'] })).decisions).toEqual([]);
      const decision = await log.get(denied.id);
      expect(decision).toMatchObject({ person: '[erased]', effect: 'DENY', rules: ['p#a', 'p#b'], erased: true });
      expect(JSON.stringify(decision)).not.toMatch(/ben@/i);
      expect(await log.insert([denied])).toEqual({ inserted: 0, repeated: 1, erased: 0 });
      const counts = await log.counts({ ...WINDOW, effect: ['DENY'], force: ['enforced'] }, 'day');
      expect(counts.map(({ count }) => count)).toEqual([1]);
      expect(await log.erase('ben@example.com', erasure)).toBe(0);
    });

    it('takes over an erasure that was made elsewhere', async () => {
      const other = openDecisionLog(url);
      try {
        const { erasedRecord } = await import('./sample-record.js');
        expect(await other.insert([erasedRecord(denied)])).toEqual({ inserted: 0, repeated: 0, erased: 1 });
      } finally {
        await other.close();
      }
      expect((await log.get(denied.id))?.erased).toBe(true);
    });
  });

  it('migrates once', async () => {
    expect(await log.migrate()).toEqual([]);
    expect((await log.status()).migration).toBe('0002_access_entries');
  });
});
