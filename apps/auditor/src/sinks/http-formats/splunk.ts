import { fieldsOf, type HttpFormat, jsonReply } from './http-format.js';

/**
 * The HTTP Event Collector of Splunk at `/services/collector/event`: one object for each event, its time in s.
 * Confirmed by `code` 0. Source: Splunk, "Format events for HTTP Event Collector".
 */
export const splunk: HttpFormat = {
  contentType: 'application/json',
  bodyOf: (lines) =>
    lines
      .map((line) => {
        const { time } = fieldsOf(line);
        const at = time === undefined ? '' : `"time":${(Date.parse(time) / 1000).toFixed(3)},`;
        return `{${at}"source":"iris","sourcetype":"iris:evidence","event":${line}}`;
      })
      .join('\n'),
  check: (reply) => {
    const { code } = jsonReply(reply, "Splunk's HTTP Event Collector");
    if (code !== 0) throw new Error(`the endpoint answered the code ${String(code)}`);
  },
};
