/** More hosts than this in one text are not told apart. */
export const MAX_HOSTS = 1000;

/** Longest name of a host, RFC 1035. */
const MAX_HOST_LENGTH = 253;

const WORD = /[\p{L}\p{N}_.-]+/gu;

/** Endings of file names. A word that has one, or begins with a dot, is a host only behind `//` or `@`, or before a port. */
const FILE_ENDING =
  /\.(?:json5?|jsonc|ya?ml|toml|ini|cfg|conf|env|properties|lock|tsx?|jsx?|[mc]js|mts|cts|vue|svelte|s?css|less|html?|md|mdx|rst|txt|csv|tsv|log|sql|sh|bash|zsh|py|rb|go|rs|java|kt|c|cc|cpp|h|hpp|cs|php|pl|lua|ex|exs|tf|tfvars|hcl|xml|svg|png|jpe?g|gif|ico|pdf|zip|tar|t?gz|bz2|xz|whl|jar|war|so|o|a|dockerfile|proto|graphql|snap|map|pem|crt|key|patch|diff|bak|tmp|template|tpl|j2)$/i;

/**
 * Words of a text that may be hosts: names with a dot, and names behind `//` or `@`. Escapes of URLs and of strings are
 * undone once, so that they do not hide a host. At most `MAX_HOSTS + 1`.
 *
 * @param labels whether names without a dot count too when they have a hyphen
 */
export function hostsIn(text: string, labels = false): readonly string[] {
  const hosts = new Set<string>();
  const plain = unescaped(text);
  for (const version of plain === text ? [text] : [text, plain]) {
    for (const { 0: word, index } of version.matchAll(WORD)) {
      const host = word.replace(/^[.-]{1,253}|[.-]{1,253}$/g, '').toLowerCase();
      if (host.length > MAX_HOST_LENGTH || host === '') continue;
      const before = version.slice(Math.max(0, index - 2), index);
      const after = version[index + word.length];
      const isAddress = before === '//' || before.endsWith('@') || (after === ':' && host.includes('.'));
      const isDotted = host.includes('.') && !word.startsWith('.') && !FILE_ENDING.test(host);
      const isLabel = labels && host.includes('-') && !host.includes('.') && !before.endsWith('/') && after !== '/';
      if (isAddress || isDotted || isLabel) hosts.add(host);
      if (hosts.size > MAX_HOSTS) return [...hosts];
    }
  }
  return [...hosts];
}

function unescaped(text: string): string {
  return text
    .replace(/%([0-9a-f]{2})/gi, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)))
    .replace(/\\x([0-9a-f]{2})|\\u([0-9a-f]{4})/gi, (_, byte?: string, unit?: string) =>
      String.fromCharCode(Number.parseInt(byte ?? unit ?? '', 16)),
    )
    .replace(/\\([0-7]{3})/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 8)))
    .replace(/["'`]\s{0,4}[+.]?\s{0,4}["'`]/g, '')
    .replace(/\\(?=[\p{L}\p{N}._-])/gu, '');
}
