import { hash } from 'node:crypto';
import { readFile } from 'node:fs/promises';

/** How often a file is read, in ms. */
const INTERVAL_MS = 2000;

export interface WatchedFile {
  /** Reads the file now, and reports it when it differs. */
  check(): Promise<void>;
  close(): void;
}

/**
 * Reports each new content of a file, until it is closed. The file is read every two seconds rather than watched by
 * inotify: Kubernetes replaces a mounted Secret or ConfigMap by renaming a link above the file, which inotify does not
 * report for the file itself.
 *
 * @param initial content that is known already and is not reported
 * @param onContent called with a content that differs from the last one
 * @param onError called once for each series of failed reads; the last content stays in use
 */
export function watchFile(
  path: string,
  initial: string,
  onContent: (text: string) => void,
  onError: (error: Error) => void,
  intervalMs = INTERVAL_MS,
): WatchedFile {
  let last = hash('sha256', initial);
  let failing = false;
  const check = async () => {
    try {
      const text = await readFile(path, 'utf8');
      failing = false;
      const digest = hash('sha256', text);
      if (digest === last) return;
      last = digest;
      onContent(text);
    } catch (error) {
      if (!failing) onError(error as Error);
      failing = true;
    }
  };
  const timer = setInterval(check, intervalMs);
  timer.unref();
  return { check, close: () => clearInterval(timer) };
}
