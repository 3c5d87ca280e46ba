/**
 * What is done with a request of a client.
 *
 * - `pass`: forwarded to the server
 * - `list`: forwarded; the result lists what the server has
 * - `tools`: forwarded; tools that the person may never use are left out of the result
 * - `handshake`: forwarded; the result names the server's capabilities
 * - `tool`: the named tool is decided first
 * - `server`: decided first as a use of the server itself
 * - `listen`: decided like `server` where it names resources
 */
export type RequestRule = 'pass' | 'list' | 'tools' | 'handshake' | 'tool' | 'server' | 'listen';

/** Every request of a client, in the specifications 2025-11-25 and 2026-07-28 and the extension for tasks. */
const REQUESTS: Readonly<Record<string, RequestRule>> = {
  initialize: 'handshake',
  'server/discover': 'handshake',
  ping: 'pass',
  'logging/setLevel': 'pass',
  'tools/list': 'tools',
  'tools/call': 'tool',
  'resources/list': 'list',
  'resources/templates/list': 'list',
  'resources/read': 'server',
  'resources/subscribe': 'server',
  'resources/unsubscribe': 'pass',
  'prompts/list': 'list',
  'prompts/get': 'server',
  'completion/complete': 'server',
  'subscriptions/listen': 'listen',
  'tasks/get': 'server',
  'tasks/result': 'server',
  'tasks/list': 'server',
  'tasks/update': 'server',
  'tasks/cancel': 'server',
};

/** Undefined for an unknown method. */
export function requestRule(method: string): RequestRule | undefined {
  return Object.hasOwn(REQUESTS, method) ? REQUESTS[method] : undefined;
}

/** What is done with a request of a server: it passes, or is decided first as a use of the server. */
const SERVER_REQUESTS: Readonly<Record<string, 'pass' | 'server'>> = {
  ping: 'pass',
  'roots/list': 'pass',
  'elicitation/create': 'pass',
  'sampling/createMessage': 'server',
  // Tasks of the client itself, which a request above has begun.
  'tasks/get': 'pass',
  'tasks/result': 'pass',
  'tasks/list': 'pass',
  'tasks/cancel': 'pass',
};

/** Undefined for an unknown method. */
export function serverRequestRule(method: string): 'pass' | 'server' | undefined {
  return Object.hasOwn(SERVER_REQUESTS, method) ? SERVER_REQUESTS[method] : undefined;
}

/** Parameters that decide what a request does: a spelling that differs by case is refused. */
const PARAMETERS: Readonly<Record<string, readonly string[]>> = {
  'tools/call': ['name', 'arguments', '_meta', 'task', 'inputResponses', 'requestState'],
  'resources/read': ['uri', '_meta'],
  'resources/subscribe': ['uri', '_meta'],
  'prompts/get': ['name', 'arguments', '_meta'],
  'tasks/get': ['taskId', '_meta'],
  'tasks/result': ['taskId', '_meta'],
  'tasks/update': ['taskId', 'inputResponses', '_meta'],
  'tasks/cancel': ['taskId', '_meta'],
  'completion/complete': ['ref', 'argument', 'context', '_meta'],
};

/** A parameter that another parser may read as one that was not judged. */
export function ambiguousParameter(method: string, keys: readonly string[]): string | undefined {
  const known = Object.hasOwn(PARAMETERS, method) ? (PARAMETERS[method] ?? []) : [];
  return keys.find((key) => !known.includes(key) && known.some((each) => each.toLowerCase() === key.toLowerCase()));
}

/** The parameter that the header `Mcp-Name` repeats (specification 2026-07-28, standard request headers). */
const NAMED_BY: Readonly<Record<string, string>> = {
  'tools/call': 'name',
  'prompts/get': 'name',
  'resources/read': 'uri',
  'tasks/get': 'taskId',
  'tasks/update': 'taskId',
  'tasks/cancel': 'taskId',
};

export function nameParameter(method: string): string | undefined {
  return Object.hasOwn(NAMED_BY, method) ? NAMED_BY[method] : undefined;
}
