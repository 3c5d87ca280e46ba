const ENCODED_WORD = /=\?utf-8\?([qb])\?([^?]*)\?=/gi;

/** The text of a header whose characters outside ASCII are encoded words (RFC 2047), as Tailscale sends them. */
export function decodeHeaderText(header: string): string {
  return header.replace(/(\?=)\s+(?==\?utf-8)/gi, '$1').replace(ENCODED_WORD, (_, encoding: string, text: string) => {
    if (encoding.toLowerCase() === 'b') return Buffer.from(text, 'base64').toString('utf8');
    const bytes = text
      .replaceAll('_', ' ')
      .replace(/=([0-9a-f]{2})/gi, (__, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
    return Buffer.from(bytes, 'latin1').toString('utf8');
  });
}
