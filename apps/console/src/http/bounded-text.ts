/** Longest name in an answer, in characters; the raw record has all of it. */
const MAX_TEXT = 512;

/** A text that a person, a client or a vendor chose, cut for an answer. */
export function boundedText(text: string): string {
  return text.length <= MAX_TEXT ? text : `${text.slice(0, MAX_TEXT)}…`;
}
