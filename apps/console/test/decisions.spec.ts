import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { recordOfDenial } from './record-of-denial.js';
import { startTestConsole } from './start-test-console.js';

let started: Awaited<ReturnType<typeof startTestConsole>>;

beforeAll(async () => {
  started = await startTestConsole();
});

afterAll(() => started.app.close());

/** Reads events of a stream until enough came. */
async function eventsOf(response: Response, count: number): Promise<{ event: string; id?: string; data: unknown }[]> {
  const events: { event: string; id?: string; data: unknown }[] = [];
  let text = '';
  const decoder = new TextDecoder();
  for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
    text += decoder.decode(chunk, { stream: true });
    const parts = text.split('\n\n');
    text = parts.pop() ?? '';
    for (const part of parts) {
      const fields = new Map(part.split('\n').map((line) => line.split(/: ?(.*)/s).slice(0, 2) as [string, string]));
      const event = fields.get('event');
      if (event !== undefined) events.push({ event, id: fields.get('id'), data: JSON.parse(fields.get('data') ?? '') });
    }
    if (events.length >= count) break;
  }
  return events;
}

describe('decisions', () => {
  it('streams new decisions and resumes after the last event', async () => {
    const { url, log } = started;
    const first = await fetch(`${url}/api/decisions/stream`);
    expect(first.headers.get('content-type')).toContain('text/event-stream');
    const reading = eventsOf(first, 2);
    await log.insert([recordOfDenial({ id: 'a' })]);
    const [state, arrived] = await reading;
    expect(state).toMatchObject({ event: 'state', data: { log: 'ok' } });
    expect(arrived).toMatchObject({ event: 'decisions', data: [{ id: 'a', force: 'enforced', effect: 'DENY' }] });

    await log.insert([recordOfDenial({ id: 'b' }), recordOfDenial({ id: 'c', action: 'other' })]);
    const again = await fetch(`${url}/api/decisions/stream?tool=other`, {
      headers: { 'last-event-id': arrived?.id ?? '' },
    });
    const [, resumed] = await eventsOf(again, 2);
    expect(resumed?.data).toEqual([expect.objectContaining({ id: 'c' })]);
  });

  it('reports a log that gives no answer, and that it answers again', async () => {
    const { url, log } = started;
    log.unavailable = true;
    const response = await fetch(`${url}/api/decisions/stream`);
    setTimeout(() => {
      log.unavailable = false;
    }, 50);
    const events = await eventsOf(response, 2);
    expect(events.map(({ data }) => data)).toEqual([{ log: 'unavailable' }, { log: 'ok' }]);
  });

  it('starts again at a cursor of another form and announces the gap', async () => {
    const response = await fetch(`${started.url}/api/decisions/stream`, { headers: { 'last-event-id': 'zzz' } });
    const events = await eventsOf(response, 2);
    expect(events.map(({ event }) => event)).toEqual(['gap', 'state']);
  });

  it('lists by pages and counts without gaps', async () => {
    const list = await started.json('/api/decisions?tool=mcp__postgres__query&limit=1');
    expect(list.decisions).toHaveLength(1);
    const next = await started.json(`/api/decisions?tool=mcp__postgres__query&limit=1&cursor=${list.next}`);
    expect(next.decisions[0].id).not.toBe(list.decisions[0].id);
    const counts = await started.json(
      '/api/decisions/counts?from=2026-11-06T18:00:00Z&to=2026-11-06T19:00:00Z&bucket=10%20minutes',
    );
    expect(counts.buckets).toHaveLength(6);
    expect(counts.total).toMatchObject({ enforcedDeny: 3, enforcedAllow: 0, observedDeny: 0, shadowDeny: 0 });
  });

  it('names the field of a query that it refuses', async () => {
    const response = await started.get('/api/decisions?effect=MAYBE');
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ reason: 'invalid_request', field: 'effect.0' });
    const unknown = await started.get('/api/decisions?colour=red');
    expect(await unknown.json()).toMatchObject({ field: 'colour' });
  });

  it('records who asked for the decisions of a person', async () => {
    await started.get('/api/decisions?person=ben@lumen.example');
    expect(started.accesses.at(-1)).toMatchObject({
      actor: 'local',
      subject: 'ben@lumen.example',
      action: 'listDecisions',
    });
  });

  it('answers nothing about a person when the access cannot be recorded', async () => {
    started.accessLog.failing = true;
    const response = await started.get('/api/decisions?person=ben@lumen.example');
    started.accessLog.failing = false;
    expect(response.status).toBe(503);
    expect(await response.json()).toMatchObject({ reason: 'access_not_recorded' });
  });
});
