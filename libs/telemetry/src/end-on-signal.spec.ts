import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { endOnSignal } from './end-on-signal.js';
import { onTelemetryStop } from './lifecycle.js';

/** The handlers that the process would run on a signal. */
let handlers: Map<string, () => void>;
let steps: string[];

beforeEach(() => {
  jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick'] });
  handlers = new Map();
  steps = [];
  jest.spyOn(process, 'on').mockImplementation((signal, handler) => {
    handlers.set(String(signal), handler as () => void);
    return process;
  });
  jest.spyOn(process, 'exit').mockImplementation(((code: number) => {
    steps.push(`exit ${code}`);
  }) as typeof process.exit);
  onTelemetryStop(async () => {
    steps.push('telemetry');
  });
});
afterEach(() => {
  jest.restoreAllMocks();
  jest.useRealTimers();
});

async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await nextTurn();
}

describe('endOnSignal', () => {
  it.each(['SIGTERM', 'SIGINT'])('stops the app on %s, sends what telemetry holds, and ends with 0', async (signal) => {
    endOnSignal(async () => {
      await nextTurn();
      steps.push('app');
    }, 60_000);
    handlers.get(signal)?.();
    await settle();
    expect(steps).toEqual(['app', 'telemetry', 'exit 0']);
  });

  it('stops once, however often it is told', async () => {
    endOnSignal(async () => {
      steps.push('app');
    }, 60_000);
    handlers.get('SIGTERM')?.();
    handlers.get('SIGINT')?.();
    await settle();
    expect(steps).toEqual(['app', 'telemetry', 'exit 0']);
  });

  it('ends an app that fails to stop', async () => {
    endOnSignal(async () => {
      throw new Error('cannot close');
    }, 60_000);
    handlers.get('SIGTERM')?.();
    await settle();
    expect(steps).toEqual(['telemetry', 'exit 0']);
  });

  it('ends an app that does not stop within its time', async () => {
    endOnSignal(() => new Promise(() => {}), 5000);
    handlers.get('SIGTERM')?.();
    await jest.advanceTimersByTimeAsync(4999);
    expect(steps).toEqual([]);
    await jest.advanceTimersByTimeAsync(1);
    expect(steps).toEqual(['telemetry', 'exit 0']);
  });

  it('ends with a telemetry that fails, or that never ends', async () => {
    endOnSignal(async () => {}, 60_000);
    onTelemetryStop(() => new Promise(() => {}));
    handlers.get('SIGTERM')?.();
    await jest.advanceTimersByTimeAsync(60_000);
    expect(steps).toEqual(['exit 0']);
    endOnSignal(async () => {}, 60_000);
    onTelemetryStop(async () => {
      throw new Error('the collector is gone');
    });
    handlers.get('SIGTERM')?.();
    await jest.advanceTimersByTimeAsync(1);
    expect(steps).toEqual(['exit 0', 'exit 0']);
  });
});
