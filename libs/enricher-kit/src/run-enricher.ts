import type { SettingsSchema } from '@iris/config';
import { createLogger, stopTelemetry } from '@iris/telemetry';
import { type RunningEnricher, startEnricher } from './app/start-enricher.js';
import type { EnricherDefinition } from './enricher-definition.js';

/** How long what is under way may take at the end, in ms; a little less than an orchestrator's usual grace period. */
const DRAIN_MS = 10_000;

/**
 * The whole app of an enricher: returns when it listens and ends the process on SIGTERM or SIGINT. Settings that cannot
 * be used end it at once with one line and status 1.
 */
export async function runEnricher<S extends SettingsSchema>(definition: EnricherDefinition<S>): Promise<void> {
  let running: RunningEnricher;
  try {
    running = await startEnricher(definition, process.env, createLogger);
  } catch (error) {
    process.stderr.write(`enricher-${definition.id}: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  }
  let stopping = false;
  const stop = async () => {
    if (stopping) return;
    stopping = true;
    const giveUp = new Promise<void>((resolve) => setTimeout(resolve, DRAIN_MS));
    await Promise.race([running.stop(), giveUp]).catch(() => {});
    await stopTelemetry();
    process.exit(0);
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
}
