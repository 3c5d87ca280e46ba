/** What ends telemetry: flushes what is buffered. Set by the preload, absent when the app runs without it. */
let stop: (() => Promise<void>) | undefined;

/** Called once by the preload. */
export function onTelemetryStop(handler: () => Promise<void>): void {
  stop = handler;
}

/** Longest wait for a collector that is silent when the process ends, in ms. */
const STOP_MS = 5000;

/** Flushes spans and metrics and stops; never throws, because it runs while the process ends. */
export async function stopTelemetry(): Promise<void> {
  if (stop === undefined) return;
  const giveUp = new Promise<void>((resolve) => setTimeout(resolve, STOP_MS).unref());
  await Promise.race([stop(), giveUp]).catch(() => undefined);
}
