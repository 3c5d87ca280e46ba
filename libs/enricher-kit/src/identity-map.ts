import { ConfigError, type SettingsValues, setting } from '@iris/config';
import { canonicalPrincipal } from '@iris/context-cache';
import { SOURCE_IDS, type SourceId } from '@iris/contracts';
import { z } from 'zod';
import { loginKey } from './login-key.js';

const sources = z
  .array(z.enum(SOURCE_IDS as [SourceId, ...SourceId[]]))
  .min(1)
  .optional();
const domain = z
  .string()
  .trim()
  .regex(/^[^\s@]+$/)
  .transform(canonicalPrincipal);

const ruleSchema = z.union([
  /** Login names one by one; null means that the login has no person. */
  z.strictObject({ sources, table: z.record(z.string().trim().min(1), z.string().trim().min(1).nullable()) }),
  /** All logins of some domains: the same local part at another domain; null means that they have no person. */
  z.strictObject({ sources, from: z.union([domain, z.array(domain).min(1)]), to: domain.nullable() }),
]);

type Rule = z.infer<typeof ruleSchema>;

/** Settings of the identity map. */
export const identitySettings = {
  'identity.rules': setting.structure(
    "Rules that map a login name to the vendor's address; the first match applies.",
    z.array(ruleSchema).readonly(),
    'a JSON list of {"table":{login:address}} and {"from":domain,"to":domain}, each with "sources" if not for all',
    { fallback: [] },
  ),
  'identity.unmatched': setting.choice(
    'Meaning of a login without a rule: an address, or no person.',
    ['as_is', 'refuse'],
    { fallback: 'as_is' },
  ),
};

/** What a login name maps to. */
export type MappedLogin =
  | { readonly key: string; readonly rule?: number }
  | { readonly reason: 'subject_not_mapped' | 'subject_ambiguous'; readonly rule?: number };

/**
 * Leads from login names to a vendor's key, and back. The first rule that fits decides; a table that has a login twice,
 * in different case and with different keys, makes it ambiguous. Case of ASCII letters does not matter.
 */
export class IdentityMap {
  private readonly rules: readonly CompiledRule[];

  /** @throws ConfigError for a table with a key that no vendor may be asked by */
  constructor(
    source: SourceId,
    private readonly settings: SettingsValues<typeof identitySettings>,
  ) {
    this.rules = settings['identity.rules'].flatMap((rule, index) =>
      rule.sources === undefined || rule.sources.includes(source) ? [compiled(rule, index + 1)] : [],
    );
  }

  /** The key of a login name. `rule` is the number of the rule that decided, from 1; absent when none fits. */
  map(login: string): MappedLogin {
    const folded = canonicalPrincipal(login);
    for (const { number, keysOf } of this.rules) {
      const keys = keysOf(folded);
      if (keys === undefined) continue;
      const [only] = keys;
      if (keys.length > 1) return { reason: 'subject_ambiguous', rule: number };
      return only == null ? { reason: 'subject_not_mapped', rule: number } : { key: only, rule: number };
    }
    return this.settings['identity.unmatched'] === 'as_is' ? { key: login } : { reason: 'subject_not_mapped' };
  }

  /** All login names, in lower case, that map to a key. */
  loginsOf(key: string): string[] {
    const folded = canonicalPrincipal(key);
    const candidates = new Set([folded, ...this.rules.flatMap(({ loginsOf }) => loginsOf(folded))]);
    return [...candidates].filter((login) => {
      const mapped = this.map(login);
      return 'key' in mapped && canonicalPrincipal(mapped.key) === folded;
    });
  }
}

interface CompiledRule {
  readonly number: number;
  /** The different keys of a folded login, null for nobody; undefined when the rule does not fit. */
  keysOf(login: string): readonly (string | null)[] | undefined;
  /** Logins that may have a folded key. */
  loginsOf(key: string): readonly string[];
}

function compiled(rule: Rule, number: number): CompiledRule {
  return 'table' in rule ? compiledTable(rule.table, number) : compiledDomains(rule, number);
}

function compiledTable(table: Readonly<Record<string, string | null>>, number: number): CompiledRule {
  const keys = new Map<string, (string | null)[]>();
  const logins = new Map<string, string[]>();
  for (const [login, given] of Object.entries(table)) {
    const key = given === null ? null : canonicalPrincipal(given);
    if (key !== null && 'refused' in loginKey({ principal: key, loginName: key })) {
      throw new ConfigError(`configuration: identity.rules: rule ${number} maps to ${JSON.stringify(key)}, no address`);
    }
    const from = canonicalPrincipal(login);
    const known = keys.get(from) ?? [];
    if (!known.includes(key)) keys.set(from, [...known, key]);
    if (key !== null) logins.set(key, [...(logins.get(key) ?? []), from]);
  }
  return { number, keysOf: (login) => keys.get(login), loginsOf: (key) => logins.get(key) ?? [] };
}

function compiledDomains({ from, to }: Extract<Rule, { from: unknown }>, number: number): CompiledRule {
  const domains = typeof from === 'string' ? [from] : from;
  return {
    number,
    keysOf: (login) => {
      const { local, domain: own } = parts(login);
      if (!domains.includes(own)) return undefined;
      return [to === null ? null : `${local}@${to}`];
    },
    loginsOf: (key) => {
      const { local, domain: own } = parts(key);
      return own === to ? domains.map((name) => `${local}@${name}`) : [];
    },
  };
}

function parts(login: string): { local: string; domain: string } {
  const at = login.lastIndexOf('@');
  return at < 0 ? { local: login, domain: '' } : { local: login.slice(0, at), domain: login.slice(at + 1) };
}
