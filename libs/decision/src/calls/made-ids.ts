/** The id of a call to which the provider gave none, or gave one twice: made of its content and the count of equal calls. */
export function madeId(providerId: string | undefined, digest: string, count: number): string {
  return `${providerId ? providerId : 'call'}~${digest}~${count}`;
}

/**
 * Whether an id was made by Iris. Such an id follows from a call's content and place, so it does not tell a new call
 * from an equal earlier one.
 */
export function isMadeId(id: string): boolean {
  return MADE_ID.test(id);
}

const MADE_ID = /~[0-9a-f]{24}~\d+~*$/;
