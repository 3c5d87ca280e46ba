/** What ends telemetry: flushes what is buffered. Set by the preload, absent when the app runs without it. */
let stop: (() => Promise<void>) | undefined;

/** Called once by the preload. */
export function onTelemetryStop(handler: () => Promise<void>): void {
  stop = handler;
}

/** Flushes spans and metrics and stops; never throws, because it runs while the process ends. */
export async function stopTelemetry(): Promise<void> {
  await stop?.().catch(() => undefined);
}
