import type { ToolCall } from '@iris/contracts';
import { count, type Logger, UNRECOGNISED_FORMATS } from '@iris/telemetry';
import type { Catalog } from '@iris/tool-catalog';
import type { HookCalls } from '../protocol/hook-calls.js';
import type { HookReading } from '../protocol/hook-reader.js';
import { HookReader } from '../protocol/hook-reader.js';
import type { IncomingHook } from '../protocol/incoming-hook.js';

type ReadCalls = Extract<HookCalls, { status: 'read' }>;
type FormatLabel = (typeof UNRECOGNISED_FORMATS)[number];

/** Names that were reported already; later ones are counted and not logged. */
const MAX_REPORTED = 500;

/**
 * Takes out the kinds of content and tools that no format lists and that the catalog admits as harmless, and reports
 * all others: a metric for each hook, and a log line when a kind is seen for the first time.
 */
export class RecognisingHookReader implements HookReader {
  readonly #reported = new Set<string>();

  constructor(
    private readonly reader: HookReader,
    private readonly catalog: Pick<Catalog, 'recognised'>,
    private readonly logger: Logger,
  ) {}

  async read(incoming: IncomingHook, signal: AbortSignal): Promise<HookReading> {
    const reading = await this.reader.read(incoming, signal);
    if (!reading.ok || reading.calls.status !== 'read') return reading;
    const calls = this.#recognise(reading.calls);
    const { unknownFields } = calls;
    if (unknownFields === undefined || unknownFields.length === 0)
      return calls === reading.calls ? reading : { ...reading, calls };
    for (const field of unknownFields) this.#report(calls.body?.format ?? 'other', 'field', field);
    return { ...reading, calls, hook: { ...reading.hook, unknownFields } };
  }

  #recognise(calls: ReadCalls): ReadCalls {
    const unlistedCalls = calls.calls.filter(isUnrecognised);
    // A client's own tool of such a name has another key.
    const unlistedTools = calls.declared.filter(({ key }) => key.startsWith(PREFIX));
    if (unlistedCalls.length === 0 && unlistedTools.length === 0) return calls;
    const { recognised } = this.catalog;
    for (const { name } of unlistedCalls) if (!recognised.has(name)) this.#report(formatIn(name), 'call', name);
    for (const { name } of unlistedTools) if (!recognised.has(name)) this.#report(formatIn(name), 'tool', name);
    return {
      ...calls,
      calls: calls.calls.filter((call) => !(call.unrecognised && recognised.has(call.name))),
      declared: calls.declared.filter(({ key }) => !(key.startsWith(PREFIX) && recognised.has(key))),
    };
  }

  #report(format: string, kind: 'call' | 'tool' | 'field', name: string): void {
    count('iris.hook.unrecognised', { format: isFormat(format) ? format : 'other', kind });
    const key = `${kind} ${format} ${name}`;
    if (this.#reported.has(key) || this.#reported.size >= MAX_REPORTED) return;
    this.#reported.add(key);
    this.logger.warn(
      { format, kind, name },
      kind === 'field'
        ? 'a request has a top-level field that its format does not list'
        : 'a request has a kind of content or tool that its format does not list; policy judges it by its name',
    );
  }
}

const PREFIX = 'unrecognised:';

function isUnrecognised(call: ToolCall): boolean {
  return call.unrecognised === true || call.name.startsWith(PREFIX);
}

function formatIn(name: string): string {
  return name.split(':', 2)[1] ?? 'other';
}

function isFormat(format: string): format is FormatLabel {
  return (UNRECOGNISED_FORMATS as readonly string[]).includes(format);
}
