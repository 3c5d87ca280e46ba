import type { SettingsSchema } from '@iris/config';
import type { SourceId } from '@iris/contracts';
import { createLogger, endOnSignal } from '@iris/telemetry';
import { type RunningEnricher, startEnricher } from './app/start-enricher.js';
import type { EnricherDefinition } from './enricher-definition.js';
import { DRY_RUN_OPTION, identityDryRun } from './identity-dry-run.js';

/** How long what is in flight may take at the end, in ms; a little less than an orchestrator's usual grace period. */
const DRAIN_MS = 10_000;

/**
 * The whole app of an enricher: returns when it listens and ends the process on SIGTERM or SIGINT. Settings that cannot
 * be used end it at once with one line and status 1. With `--identity-dry-run <file>` it only lists what the logins in the
 * file map to.
 */
export async function runEnricher<S extends SettingsSchema>(definition: EnricherDefinition<S>): Promise<void> {
  const option = process.argv.indexOf(DRY_RUN_OPTION);
  if (option >= 0) return listIdentities(definition, process.argv[option + 1]);
  let running: RunningEnricher;
  try {
    running = await startEnricher(definition, process.env, createLogger);
  } catch (error) {
    fail(definition.id, error);
  }
  endOnSignal(() => running.stop(), DRAIN_MS);
}

function listIdentities({ id, settings }: EnricherDefinition<SettingsSchema>, file: string | undefined): void {
  try {
    if (file === undefined) throw new Error(`${DRY_RUN_OPTION} needs a file of logins, or - for standard input`);
    process.stdout.write(`${identityDryRun({ id, settings }, process.env, file).join('\n')}\n`);
  } catch (error) {
    fail(id, error);
  }
}

function fail(id: SourceId, error: unknown): never {
  process.stderr.write(`enricher-${id}: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}
