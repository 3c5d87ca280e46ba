/** Keys of what is given to controllers by interface. */
export const DECISION_LOG = Symbol('decision log');
export const TRACE_URL_TEMPLATE = Symbol('template of links to traces');
export const RESOURCE_KIND = Symbol('kind of the resource of a tool call');
export const ACCESS_LOG = Symbol('access log');
