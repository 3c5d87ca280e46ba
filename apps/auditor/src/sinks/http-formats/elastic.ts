import { z } from 'zod';
import { RefusedError } from '../evidence-sink.js';
import { fieldsOf, type HttpFormat, jsonReply } from './http-format.js';

const replySchema = z.object({
  errors: z.boolean(),
  items: z.array(z.object({ create: z.object({ status: z.number() }) })),
});

/** The id is there already: an earlier attempt has put it there. */
const CONFLICT = 409;

/**
 * The bulk API of Elasticsearch and OpenSearch at `/<index or data stream>/_bulk`: an action and a document for each
 * record, with its id, so that a repeat changes nothing. A 200 confirms only what its items confirm.
 * Source: Elasticsearch, "Bulk index or delete documents".
 */
export const elastic: HttpFormat = {
  contentType: 'application/x-ndjson',
  bodyOf: (lines) =>
    lines
      .map((line) => {
        const { id, time } = fieldsOf(line);
        const action = JSON.stringify({ create: id === undefined ? {} : { _id: id } });
        return `${action}\n{"@timestamp":${JSON.stringify(time ?? null)},"iris":${line}}\n`;
      })
      .join(''),
  check: (reply, { lines }) => {
    const parsed = replySchema.safeParse(jsonReply(reply, 'the bulk API'));
    if (!parsed.success || parsed.data.items.length !== lines.length) {
      throw new Error('the reply of the endpoint does not state what became of each record');
    }
    const statuses = parsed.data.items.map(({ create: { status } }) => status);
    const failed = statuses.filter((status) => status >= 300 && status !== CONFLICT);
    if (failed.length === 0) return;
    const text = `the endpoint did not take ${failed.length} of ${lines.length} records, with ${failed[0]}`;
    // What is refused for its content is refused again; anything else may pass.
    if (failed.every((status) => status === 400)) throw new RefusedError(text);
    throw new Error(text);
  },
};
