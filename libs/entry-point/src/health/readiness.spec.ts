import { describe, expect, it } from '@jest/globals';
import { readinessOf } from './readiness.js';

const CLOSED = { pre_request: 'closed', pre_tool_use: 'closed' } as const;
const OPEN = { pre_request: 'open', pre_tool_use: 'closed' } as const;

describe('readiness', () => {
  it.each([
    ['a PDP', { pdpReady: true, pdpWasReady: true, uptimeMs: 0, failureModes: CLOSED }, true, false],
    ['none, closed', { pdpReady: false, pdpWasReady: true, uptimeMs: 1e6, failureModes: CLOSED }, false, false],
    ['none any more, open', { pdpReady: false, pdpWasReady: true, uptimeMs: 0, failureModes: OPEN }, true, true],
    ['none yet, open', { pdpReady: false, pdpWasReady: false, uptimeMs: 10_000, failureModes: OPEN }, false, false],
    ['none for long, open', { pdpReady: false, pdpWasReady: false, uptimeMs: 30_000, failureModes: OPEN }, true, true],
  ])('with %s', (_what, input, ready, withoutPdp) => {
    expect(readinessOf(input)).toEqual({ ready, withoutPdp });
  });
});
