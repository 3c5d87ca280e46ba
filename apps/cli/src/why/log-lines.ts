import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

export interface LogLine {
  readonly file: string;
  readonly text: string;
}

const MAX_LINES = 200;

/**
 * Lines of logs that hold one of some ids, at most 200.
 *
 * @param paths files, or folders of which every file below is read
 * @throws Error when a path cannot be read
 */
export async function logLines(paths: readonly string[], ids: readonly string[]): Promise<LogLine[]> {
  const found: LogLine[] = [];
  if (ids.length === 0) return found;
  for (const path of paths) {
    for (const file of await filesOf(path)) {
      for await (const text of createInterface({ input: createReadStream(file) })) {
        if (!ids.some((id) => text.includes(id))) continue;
        found.push({ file, text });
        if (found.length === MAX_LINES) return found;
      }
    }
  }
  return found;
}

async function filesOf(path: string): Promise<string[]> {
  if (!(await stat(path)).isDirectory()) return [path];
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

/** One line of a log for people: time, level, process, message and the fields beside them. */
export function shownLogLine(text: string): string {
  let value: Record<string, unknown>;
  try {
    value = JSON.parse(text);
  } catch {
    return text;
  }
  if (typeof value !== 'object' || value === null) return text;
  const { time, level, name, msg, pid: _, trace_id: __, span_id: ___, ...rest } = value;
  const fields = Object.entries(rest).map(([key, field]) => `${key}=${JSON.stringify(field)}`);
  return [time, level, name, msg, ...fields].filter((part) => part !== undefined).join(' ');
}
