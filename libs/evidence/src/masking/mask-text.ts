import type { TextRule } from './secret-texts.js';

/** A text in which every find of the rules is replaced by a mark; the text itself when there is none. */
export function maskText(text: string, rules: readonly TextRule[]): string {
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
