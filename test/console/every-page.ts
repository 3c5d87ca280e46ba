/** An address of each page, and its name. */
export const EVERY_PAGE: readonly (readonly [name: string, path: string])[] = [
  ['live', '/'],
  ['decision', '/decisions/one'],
  ['what-if', '/what-if/one'],
  ['choose-what-if', '/what-if'],
  ['people', '/people'],
  ['person', '/people/ana@lumen.example'],
  ['sessions', '/sessions'],
  ['session', '/sessions/one'],
  ['policies', '/policies?difference=one'],
  ['health', '/health'],
];
