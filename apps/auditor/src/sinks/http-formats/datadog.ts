import { fieldsOf, type HttpFormat } from './http-format.js';

/**
 * The log intake of Datadog at `/api/v2/logs`: a list of objects with the record as `message`, which Datadog parses.
 * Confirmed by 202. Source: Datadog, API reference "Send logs".
 */
export const datadog: HttpFormat = {
  contentType: 'application/json',
  bodyOf: (lines) =>
    JSON.stringify(
      lines.map((line) => {
        const { schema, effect } = fieldsOf(line);
        const tags = [schema && `schema:${schema}`, effect && `effect:${effect.toLowerCase()}`].filter(Boolean);
        return { ddsource: 'iris', service: 'iris', ddtags: tags.join(','), message: line };
      }),
    ),
  check: ({ statusCode }) => {
    if (statusCode !== 202) throw new Error(`the endpoint answered ${statusCode}, which confirms nothing`);
  },
};
