/** Name and version in a user agent, by its first product token (RFC 9110, section 10.1.5). The client chooses it. */
export function clientOf(userAgent: string | undefined): { name?: string; version?: string } {
  const match = /^([^\s/()]+)(?:\/([^\s()]+))?/.exec(userAgent?.trim() ?? '');
  return match === null ? {} : { name: match[1], version: match[2] };
}
