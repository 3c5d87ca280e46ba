/** An address that a link may have, or undefined: one of another scheme could run code. */
export function webAddress(given: string | undefined): string | undefined {
  if (given === undefined || !URL.canParse(given, window.location.href)) return undefined;
  const { protocol, href } = new URL(given, window.location.href);
  return /^https?:$/.test(protocol) ? href : undefined;
}
