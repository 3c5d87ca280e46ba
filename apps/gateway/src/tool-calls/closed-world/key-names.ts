import type { FormatKinds } from './kinds.js';

/** What a key is to a format, apart from the fields that the format lists in that place. */
export type KeyMeaning =
  | { readonly kind: 'name' }
  /** Carries calls or results in this format, in the places that list it. */
  | { readonly kind: 'carrier' }
  /** Written unlike `of`, and the same to a decoder that ignores case. `accepted`: the provider takes both. */
  | { readonly kind: 'variant'; readonly of: string; readonly accepted: boolean }
  /** Carries calls or results in another format. */
  | { readonly kind: 'foreign' }
  | { readonly kind: 'other' };

/** Keys under which some format carries calls or results. */
const CARRIERS = [
  'tool_calls',
  'function_call',
  'function_response',
  'tool_use',
  'tool_result',
  'executed_tools',
  'server_tool_use',
  'mcp_tool_use',
  'tool_call',
  'tool_response',
  'executable_code',
  'code_execution_result',
  'function_responses',
  'tool_results',
  'tool_outputs',
  'parts',
  'messages',
  'contents',
];

const MAX_REMEMBERED = 2000;
const MAX_REMEMBERED_LENGTH = 64;

/** What the keys of a body mean to one format. */
export class KeyNames {
  readonly #names: ReadonlySet<string>;
  readonly #byFold = new Map<string, string>();
  readonly #carriers = new Set(CARRIERS.map(fold));
  readonly #bothSpellings: boolean;
  readonly #remembered = new Map<string, KeyMeaning>();

  constructor(kinds: FormatKinds) {
    this.#names = new Set(kinds.names);
    this.#bothSpellings = kinds.bothSpellings ?? false;
    for (const name of kinds.names) this.#byFold.set(fold(name), name);
  }

  meaning(key: string): KeyMeaning {
    const remembered = this.#remembered.get(key);
    if (remembered) return remembered;
    const meaning = this.#classify(key);
    if (key.length <= MAX_REMEMBERED_LENGTH && this.#remembered.size < MAX_REMEMBERED) {
      this.#remembered.set(key, meaning);
    }
    return meaning;
  }

  #classify(key: string): KeyMeaning {
    if (key.length > MAX_REMEMBERED_LENGTH) return { kind: 'other' };
    // Some decoders merge what it holds into the object.
    if (key === '__proto__') return { kind: 'foreign' };
    const folded = fold(key);
    if (this.#names.has(key)) return { kind: this.#carriers.has(folded) ? 'carrier' : 'name' };
    const of = this.#byFold.get(folded);
    if (of !== undefined) return { kind: 'variant', of, accepted: this.#bothSpellings && snake(key) === snake(of) };
    return { kind: this.#carriers.has(folded) ? 'foreign' : 'other' };
  }
}

/** Equal for keys that a decoder without regard to case takes for one, also by Unicode's simple folding. */
function fold(key: string): string {
  return key.toUpperCase().toLowerCase().replace(/[_-]/g, '');
}

function snake(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
