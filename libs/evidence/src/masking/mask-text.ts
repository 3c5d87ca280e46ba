import type { TextRule } from './secret-texts.js';

/** Names of keys, URLs, models and the like come again and again; texts longer than this do not. */
const MAX_REMEMBERED = 256;
const REMEMBERED_TEXTS = 5000;

/** Replaces the secrets in texts by rules, and remembers short texts that have none. */
export class TextMask {
  private readonly clean = new Set<string>();

  constructor(private readonly rules: readonly TextRule[]) {}

  /** A text in which every find of the rules is replaced by a mark; the text itself when there is none. */
  mask(text: string): string {
    if (text.length > MAX_REMEMBERED) return maskText(text, this.rules);
    if (this.clean.has(text)) return text;
    const masked = maskText(text, this.rules);
    if (masked !== text) return masked;
    // The few that matter are soon there again.
    if (this.clean.size >= REMEMBERED_TEXTS) this.clean.clear();
    this.clean.add(text);
    return masked;
  }
}

function maskText(text: string, rules: readonly TextRule[]): string {
  let masked = text;
  for (const rule of rules) {
    masked = masked.replace(rule.pattern, (found, ...rest) => {
      const mark = `[masked: ${rule.name}]`;
      if (rule.holds !== undefined && !rule.holds(found)) return found;
      const groups = rest.at(-1) as unknown;
      if (typeof groups !== 'object' || groups === null) return mark;
      const secret = Object.values(groups as Record<string, string | undefined>).find((group) => group !== undefined);
      if (secret === undefined) return mark;
      const at = found.lastIndexOf(secret);
      return found.slice(0, at) + mark + found.slice(at + secret.length);
    });
  }
  return masked;
}
