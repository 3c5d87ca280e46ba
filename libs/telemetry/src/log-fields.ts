/**
 * The fields of log lines. A value under another name is replaced, so that no credential, login or tool
 * parameter reaches a log by a name that nobody has thought of. None of these holds what a caller or a vendor sent,
 * apart from bounded names and messages.
 */
const LOG_FIELDS: ReadonlySet<string> = new Set([
  'action',
  'actor',
  'attempt',
  'batch',
  'callers',
  'category',
  'cause',
  'check',
  'condition',
  'days',
  'detail',
  'end',
  'err',
  'event',
  'faults',
  'file',
  'fix',
  'folder',
  'format',
  'grpc',
  'grpcAddress',
  'hookKey',
  'httpUrl',
  'ids',
  'key',
  'keys',
  'kind',
  'lines',
  'list',
  'mode',
  'ms',
  'name',
  'path',
  'peer',
  'principal',
  'problem',
  'reason',
  'record',
  'records',
  'redis',
  'requestId',
  'revision',
  'role',
  'rows',
  'rule',
  'rules',
  'segment',
  'server',
  'source',
  'span_id',
  'subjects',
  'suppressed',
  'switch',
  'tools',
  'trace_id',
  'until',
  'url',
  'what',
  'why',
]);

/** What stands for a field that is not listed above. */
export const UNLISTED = '[not a field of the log]';

/** The fields of a line: those that are listed, with scalars, lists of scalars and errors as values. */
export function listedFields(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const listed: Record<string, unknown> = {};
  for (const name of Object.keys(fields)) listed[name] = LOG_FIELDS.has(name) ? shown(fields[name]) : UNLISTED;
  return listed;
}

function shown(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Error) return shownError(value);
  if (Array.isArray(value)) return value.map((element) => (typeof element === 'object' ? UNLISTED : element));
  return UNLISTED;
}

/** How many causes of an error are shown. */
const MAX_CAUSES = 4;

/** An error without what libraries attach to it, such as the request with its headers. */
function shownError(error: Error, causes = MAX_CAUSES): Record<string, unknown> {
  const { code } = error as { readonly code?: unknown };
  return {
    type: error.name,
    message: error.message,
    ...(typeof code === 'string' || typeof code === 'number' ? { code } : {}),
    stack: error.stack,
    ...(error.cause instanceof Error && causes > 0 ? { cause: shownError(error.cause, causes - 1) } : {}),
  };
}
