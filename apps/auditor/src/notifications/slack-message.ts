const MAX_NAME = 200;

/** A message for an incoming webhook of Slack. Source: api.slack.com, "Sending messages using incoming webhooks". */
export interface SlackMessage {
  readonly text: string;
}

/** Escapes what Slack reads as markup, and cuts long names. Source: api.slack.com, "Formatting text for app surfaces". */
export function slackText(name: string): string {
  const short = name.length > MAX_NAME ? `${name.slice(0, MAX_NAME)}…` : name;
  return short
    .replaceAll(/[\p{Cc}\p{Cf}]/gu, ' ')
    .replaceAll('`', "'")
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;');
}

/** @param suppressed notifications that the rate limit kept back since the last message */
export function slackMessage(text: string, suppressed: number): SlackMessage {
  const rest = suppressed === 0 ? '' : ` (${suppressed} further notifications were suppressed by the rate limit)`;
  return { text: `Iris: ${text}${rest}` };
}
