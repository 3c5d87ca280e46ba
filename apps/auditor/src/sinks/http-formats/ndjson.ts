import type { HttpFormat } from './http-format.js';

/** Records as they are, a line each. Any status from 200 to 299 confirms them. */
export const ndjson: HttpFormat = {
  contentType: 'application/x-ndjson',
  bodyOf: (lines) => lines.map((line) => `${line}\n`).join(''),
};
