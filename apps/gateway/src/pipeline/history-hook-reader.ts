import type { EffectsOfCalls } from '@iris/decision';
import type { HookReading } from '../protocol/hook-reader.js';
import { HookReader } from '../protocol/hook-reader.js';
import type { IncomingHook } from '../protocol/incoming-hook.js';

/** Takes note of the history of each hook, so that a call is judged by those that it continues. */
export class HistoryHookReader implements HookReader {
  constructor(
    private readonly reader: HookReader,
    private readonly effects: Pick<EffectsOfCalls, 'note'>,
  ) {}

  async read(incoming: IncomingHook, signal: AbortSignal): Promise<HookReading> {
    const reading = await this.reader.read(incoming, signal);
    if (reading.ok && reading.calls.status === 'read') this.effects.note(reading.calls.calls);
    return reading;
  }
}
