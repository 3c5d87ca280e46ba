import { stopTelemetry } from './lifecycle.js';

/**
 * Ends the process with status 0 on SIGTERM or SIGINT: after `stop`, which is given `drainMs`, and after what telemetry
 * still holds is sent. The process ends itself, because the first process of a container does not end by the default
 * action of a signal.
 */
export function endOnSignal(stop: () => Promise<unknown>, drainMs: number): void {
  let stopping = false;
  const end = async () => {
    if (stopping) return;
    stopping = true;
    const giveUp = new Promise<void>((resolve) => setTimeout(resolve, drainMs));
    await Promise.race([stop(), giveUp]).catch(() => undefined);
    await stopTelemetry();
    process.exit(0);
  };
  process.on('SIGTERM', end);
  process.on('SIGINT', end);
}
