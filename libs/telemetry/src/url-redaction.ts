/** Segments that are names in an API: lower-case words and versions. Everything else may be a login or an id. */
const API_WORD = /^(?:[a-z]+(?:[_-][a-z]+)*|v\d{1,2}(?:\.\d{1,2})?|oauth2|customreport2)$/;
/** What follows one of these names a person, a device or an owner, whatever it looks like. */
const COLLECTIONS: ReadonlySet<string> = new Set([
  'customreport2',
  'device',
  'devices',
  'tailnet',
  'user',
  'users',
  'worker',
  'workers',
]);
const REDACTED = '*';

/** The URL attributes of a span (OpenTelemetry semantic conventions, HTTP spans). */
export type UrlAttributes = { readonly 'url.full': string; readonly 'url.path': string };

/**
 * A path with only those segments that are names in an API; a login, an id and a report become `*`.
 *
 * @param path encoded, with or without a query, which is left out
 */
export function redactedPath(path: string): string {
  const segments = (path.split(/[?#]/, 1)[0] ?? '').split('/');
  return segments
    .map((segment, index) => {
      if (segment === '') return segment;
      const isNamed = COLLECTIONS.has(segments[index - 1] ?? '') || COLLECTIONS.has(reportOwner(segments, index));
      return API_WORD.test(segment) && !isNamed ? segment : REDACTED;
    })
    .join('/');
}

/** The parts of an origin without the user and password that it may hold, with a redacted path and no query. */
export function redactedUrl(origin: string, path: string): UrlAttributes {
  const safePath = redactedPath(path);
  return { 'url.full': `${hostOf(origin)}${safePath}`, 'url.path': safePath };
}

/** A report's path is `customreport2/<tenant>/<owner>/<report>`. */
function reportOwner(segments: readonly string[], index: number): string {
  return segments.slice(Math.max(0, index - 3), index).includes('customreport2') ? 'customreport2' : '';
}

function hostOf(origin: string): string {
  try {
    const { protocol, host } = new URL(origin);
    return `${protocol}//${host}`;
  } catch {
    return '';
  }
}
