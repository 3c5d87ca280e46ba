import type { JsonPath } from '@iris/json-document';

const MAX_KEY_LENGTH = 64;

/** A path for messages and logs, for example `messages[2].content`. Keys are cut: they come from the request. */
export function shownPath(path: JsonPath): string {
  let text = '';
  for (const key of path) {
    if (typeof key === 'number') text += `[${key}]`;
    else {
      const cut = key.length <= MAX_KEY_LENGTH ? key : `${key.slice(0, MAX_KEY_LENGTH)}…`;
      text += text === '' ? cut : `.${cut}`;
    }
  }
  return text === '' ? '(the body)' : text;
}
