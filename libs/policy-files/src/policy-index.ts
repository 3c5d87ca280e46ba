import { z } from 'zod';
import { Expressions } from './expressions.js';
import { policyFiles } from './policy-folder.js';
import { statedRevision } from './policy-revision.js';
import { type PolicyRule, policyRules } from './policy-rules.js';

/** A rule under the name that the PDP's outputs have. */
export interface IndexedRule extends PolicyRule {
  /** `<policy>#<rule>`, for example `resource.tool.vdefault#read-only`. */
  readonly id: string;
  /** `<kind>.<name>.v<version>`, with the scope after a slash. */
  readonly policy: string;
  readonly ruleName: string;
  readonly version: string;
}

const policySchema = z.looseObject({
  resourcePolicy: z.looseObject({ resource: z.string(), version: z.string(), scope: z.string().optional() }).optional(),
  principalPolicy: z
    .looseObject({ principal: z.string(), version: z.string(), scope: z.string().optional() })
    .optional(),
});

/** The rules of a folder of policies, by the names that decisions have for them. */
export class PolicyIndex {
  readonly rules: readonly IndexedRule[];
  readonly revision: string | undefined;
  readonly expressions: Expressions;
  private readonly byId: ReadonlyMap<string, IndexedRule>;

  /** @throws Error of the file system when the folder cannot be read */
  constructor(readonly pack: string) {
    const files = policyFiles(pack);
    this.rules = policyRules(files).flatMap(indexed);
    this.byId = new Map(this.rules.map((rule) => [rule.id, rule]));
    this.revision = statedRevision(pack);
    this.expressions = new Expressions(files);
  }

  rule(id: string): IndexedRule | undefined {
    return this.byId.get(id);
  }

  /** Policy versions of a kind of resource. */
  versionsOf(kind: string): string[] {
    const own = this.rules.filter(({ policy }) => policy.startsWith(`resource.${kind}.v`));
    return [...new Set(own.map(({ version }) => version))].sort();
  }

  /** Attributes of the principal that rules read, with how many names lie between; the nearest first. */
  reads(ids: readonly string[]): ReadonlyMap<string, number> {
    const depths = new Map<string, number>();
    for (const rule of ids.flatMap((id) => this.rule(id) ?? [])) {
      for (const { text, depth } of this.expressions.of(rule)) {
        for (const path of this.expressions.attributesIn(text, 'principal')) {
          depths.set(path, Math.min(depth, depths.get(path) ?? depth));
        }
      }
    }
    return new Map([...depths].sort(([, a], [, b]) => a - b));
  }
}

function indexed(rule: PolicyRule): IndexedRule[] {
  const parsed = policySchema.safeParse(rule.file.documents[rule.document]?.toJS());
  if (!parsed.success) return [];
  const { resourcePolicy, principalPolicy } = parsed.data;
  const [name, body] =
    resourcePolicy === undefined
      ? [`principal.${principalPolicy?.principal}`, principalPolicy]
      : [`resource.${resourcePolicy.resource}`, resourcePolicy];
  if (body === undefined) return [];
  const position = Number(rule.path.at(-1)) + 1;
  const ruleName = rule.name ?? `rule-${String(position).padStart(3, '0')}`;
  const policy = `${name}.v${body.version}${body.scope ? `/${body.scope}` : ''}`;
  return [{ ...rule, id: `${policy}#${ruleName}`, policy, ruleName, version: body.version }];
}
