import { type Hook, type HookEvent, hookCallDataSchema } from '@iris/contracts';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { pino } from 'pino';
import { WiringWarnings } from './wiring-warnings.js';

const HOUR_MS = 3_600_000;

function hook(event: HookEvent, keyName = 'aperture'): Hook {
  const data = hookCallDataSchema.parse({});
  return { event, keyName, arrivedAt: 0, metadata: data.metadata, data };
}

describe('WiringWarnings', () => {
  let said: { reason: string; event: string; hookKey: string; fix: string }[];
  let warnings: WiringWarnings;

  beforeEach(() => {
    jest.useFakeTimers();
    said = [];
    const logger = pino({ level: 'warn' }, { write: (line: string) => said.push(JSON.parse(line)) });
    warnings = new WiringWarnings(logger, { now: () => Date.now() });
  });
  afterEach(() => void jest.useRealTimers());

  it('warns once per key, event and hour what to change', () => {
    for (let time = 0; time < 3; time += 1) warnings.nothingToEvaluate(hook('pre_request'));
    warnings.nothingToEvaluate(hook('entire_request'));
    warnings.nothingToEvaluate(hook('pre_request', 'other'));
    expect(said.map(({ hookKey, event }) => [hookKey, event])).toEqual([
      ['aperture', 'pre_request'],
      ['aperture', 'entire_request'],
      ['other', 'pre_request'],
    ]);
    for (const { reason, fix } of said) {
      expect(reason).toBe('nothing_to_evaluate');
      expect(fix).toMatch(/request_body.*send_hooks/);
    }
    jest.advanceTimersByTime(HOUR_MS + 1);
    warnings.nothingToEvaluate(hook('pre_request'));
    expect(said).toHaveLength(4);
  });

  it('warns of a key that only ever comes after the response', () => {
    warnings.sawEvent(hook('entire_request'));
    warnings.sawEvent(hook('entire_request'));
    warnings.sawEvent(hook('tool_call_entire_request'));
    expect(said.map(({ reason, event }) => [reason, event])).toEqual([
      ['observe_only', 'entire_request'],
      ['observe_only', 'tool_call_entire_request'],
    ]);
    expect(said[0]?.fix).toMatch(/pre_request with send request_body/);
  });

  it('does not warn of a key that enforces as well, until it has not for an hour', () => {
    warnings.sawEvent(hook('pre_request'));
    warnings.sawEvent(hook('entire_request'));
    expect(said).toEqual([]);
    jest.advanceTimersByTime(HOUR_MS + 1);
    warnings.sawEvent(hook('entire_request'));
    expect(said).toHaveLength(1);
  });

  it("does not take an agent's own hook for one that Aperture enforces", () => {
    warnings.sawEvent(hook('pre_tool_use'));
    expect(said).toEqual([]);
    warnings.sawEvent(hook('entire_request'));
    expect(said).toHaveLength(1);
  });
});
