import { SHORTEST_FIND, TEXT_RULES, type TextRule } from './secret-texts.js';

/** Names of keys, URLs, models and the like come again and again; texts longer than this do not. */
const MAX_REMEMBERED = 256;
const REMEMBERED_TEXTS = 5000;
/** No built-in rule finds anything in letters alone, up to this length. */
const PLAIN_WORD = /^[A-Za-z_]{1,30}$/;

/** Replaces the secrets in texts by rules, and remembers short texts that have none. */
export class TextMask {
  private readonly clean = new Set<string>();
  private readonly rules: readonly TextRule[];
  private readonly hasOwnRules: boolean;

  /** @param own rules beside the built-in ones; they come first */
  constructor(own: readonly TextRule[]) {
    this.rules = [...own, ...TEXT_RULES];
    this.hasOwnRules = own.length > 0;
  }

  /** A text in which every find of the rules is replaced by a mark; the text itself when there is none. */
  mask(text: string): string {
    if (!this.hasOwnRules && (text.length < SHORTEST_FIND || PLAIN_WORD.test(text))) return text;
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
  for (const rule of rules) masked = maskByRule(masked, rule);
  return masked;
}

function maskByRule(text: string, rule: TextRule): string {
  // Most texts have no find; what follows is made for those that have one.
  if (text.search(rule.pattern) === -1) return text;
  const isAfterWord = rule.after === undefined ? undefined : afterWords(text, rule.after);
  const mark = `[masked: ${rule.name}]`;
  return text.replace(rule.pattern, (found: string, ...rest: unknown[]) => {
    if (rule.holds !== undefined && !rule.holds(found)) return found;
    const groups = rest.at(-1);
    const hasGroups = typeof groups === 'object' && groups !== null;
    if (isAfterWord !== undefined && !isAfterWord(rest.at(hasGroups ? -3 : -2) as number)) return found;
    if (!hasGroups) return mark;
    const secret = Object.values(groups as Record<string, string | undefined>).find((group) => group !== undefined);
    if (secret === undefined) return mark;
    const at = found.lastIndexOf(secret);
    return found.slice(0, at) + mark + found.slice(at + secret.length);
  });
}

/** Whether a word precedes a place. Asked about places in ascending order, so each word is visited once. */
function afterWords(text: string, { word, withinCharacters }: NonNullable<TextRule['after']>): (at: number) => boolean {
  const words = text.matchAll(word);
  let next = words.next();
  let end: number | undefined;
  return (at) => {
    while (!next.done && next.value.index + next.value[0].length <= at) {
      end = next.value.index + next.value[0].length;
      next = words.next();
    }
    return end !== undefined && at - end <= withinCharacters && !/(?<!\\)\n/.test(text.slice(end, at));
  };
}
