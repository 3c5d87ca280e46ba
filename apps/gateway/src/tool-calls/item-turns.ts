/** What an item of a flat history is: authored by the client, by the model, a call of the model, or anything else. */
export type ItemAuthor = 'client' | 'model' | 'call' | 'other';

/**
 * The index of the first item that no earlier request can have carried. The pipeline goes back from the end over results and
 * what they answer, since parallel calls may be replayed as call, result, call, result; it ends at the first text of the
 * model, or of the client before a call.
 */
export function newestFrom(authors: readonly ItemAuthor[]): number {
  let seenCall = false;
  for (let index = authors.length - 1; index >= 0; index -= 1) {
    const author = authors[index];
    if (author === 'model' || (author === 'client' && seenCall)) return index + 1;
    seenCall ||= author === 'call';
  }
  return 0;
}

/**
 * The number of the turn of each item. A turn ends with a text of the model, or where the model acts again after a
 * message of the client.
 */
export function turnNumbers(authors: readonly ItemAuthor[], isText: (index: number) => boolean): number[] {
  let turn = 0;
  let hasClient = false;
  return authors.map((author, index) => {
    if ((author === 'model' || author === 'call') && (hasClient || isText(index))) {
      turn += 1;
      hasClient = false;
    }
    hasClient ||= author === 'client';
    return turn;
  });
}
