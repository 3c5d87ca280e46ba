import type { PolicyFile } from '@iris/policy-files';
import { policyRules } from '@iris/policy-files';
import { z } from 'zod';
import { CliFault } from '../exit-codes.js';
import { type Condition, conditionTree } from './condition-tree.js';

/** Which policy decides. */
export interface PolicyKey {
  readonly kind: string;
  readonly version: string;
  readonly scope: string;
}

/** A rule and its conditions, each with the name of the output that has its value. */
export interface RuleConditions {
  readonly rule: string;
  readonly effect: string;
  readonly roles: NamedCondition;
  readonly condition?: NamedCondition;
}

export interface NamedCondition {
  readonly name: string;
  readonly expr: string;
  readonly parts: readonly NamedCondition[];
}

/** Version of the policy whose outputs are conditions. */
export const CONDITION_VERSION = 'iris_conditions';
const MAX_CONDITIONS = 2000;

const bodySchema = z.looseObject({
  resource: z.string(),
  version: z.string(),
  scope: z.string().default(''),
  importDerivedRoles: z.unknown().optional(),
  variables: z
    .looseObject({ import: z.array(z.string()).optional(), local: z.record(z.string(), z.string()).optional() })
    .optional(),
  constants: z.unknown().optional(),
});
const variablesSchema = z.looseObject({
  exportVariables: z.looseObject({ name: z.string(), definitions: z.record(z.string(), z.string()) }),
});

/**
 * A policy for the same kind of resource in which each condition of the deciding policy is the output of a rule of its own.
 * So the PDP evaluates them one by one, with the derived roles, variables and constants of the deciding policy, and gives
 * the error of one that cannot be evaluated.
 *
 * @throws CliFault when the folder has no such policy
 */
export function conditionPolicy(
  files: readonly PolicyFile[],
  key: PolicyKey,
): { policy: unknown; rules: RuleConditions[] } {
  for (const file of files) {
    for (const [index, document] of file.documents.entries()) {
      const parsed = bodySchema.safeParse(
        document.get('resourcePolicy') === undefined ? undefined : document.toJS()?.resourcePolicy,
      );
      if (!parsed.success) continue;
      const body = parsed.data;
      if (body.resource !== key.kind || body.version !== key.version || body.scope !== key.scope) continue;
      return build(files, file, index, body);
    }
  }
  const scope = key.scope === '' ? '' : `, scope ${key.scope}`;
  throw new CliFault(`--policies has no resource policy for ${key.kind}, version ${key.version}${scope}`);
}

function build(files: readonly PolicyFile[], file: PolicyFile, index: number, body: z.infer<typeof bodySchema>) {
  const variables = variablesOf(files, body);
  const outputs: { name: string; expr: string; actions: readonly string[] }[] = [];
  const named = ({ expr, parts }: Condition, actions: readonly string[]): NamedCondition => {
    const name = `c${outputs.length}`;
    if (outputs.length >= MAX_CONDITIONS) throw new CliFault(`the policy has more than ${MAX_CONDITIONS} conditions`);
    outputs.push({ name, expr, actions });
    return { name, expr, parts: parts.map((part) => named(part, actions)) };
  };
  const rules = policyRules([file]).filter(({ kind, document }) => kind === 'resource' && document === index);
  const conditions = rules.map((rule, position): RuleConditions => {
    return {
      rule: rule.name ?? `number ${position + 1}`,
      effect: rule.effect === 'EFFECT_ALLOW' ? 'ALLOW' : 'DENY',
      roles: named({ expr: rolesExpression(rule), parts: [] }, rule.actions),
      ...(rule.condition === undefined
        ? {}
        : { condition: named(conditionTree(rule.condition, variables), rule.actions) }),
    };
  });
  const derivedRoles = [...new Set(rules.flatMap((rule) => rule.derivedRoles))];
  const { importDerivedRoles, constants, resource } = body;
  const policy = {
    apiVersion: 'api.cerbos.dev/v1',
    resourcePolicy: {
      ...{ resource, version: CONDITION_VERSION, importDerivedRoles, variables: body.variables, constants },
      rules: [
        ...outputs.map(({ name, expr, actions }) => ({
          ...{ name, actions, effect: 'EFFECT_ALLOW', roles: ['*'], output: { when: { ruleActivated: expr } } },
        })),
        // The PDP evaluates only the derived roles that some rule of the policy names.
        ...(derivedRoles.length === 0
          ? []
          : [
              {
                name: 'derived-roles',
                actions: ['iris:derived-roles'],
                effect: 'EFFECT_DENY',
                roles: ['*'],
                derivedRoles,
              },
            ]),
      ],
    },
  };
  return { policy, rules: conditions };
}

function rolesExpression({
  roles,
  derivedRoles,
}: {
  roles: readonly string[];
  derivedRoles: readonly string[];
}): string {
  if (roles.includes('*')) return 'true';
  const parts = [
    ...(roles.length > 0 ? [`hasIntersection(${JSON.stringify(roles)}, P.roles)`] : []),
    ...(derivedRoles.length > 0
      ? [`hasIntersection(${JSON.stringify(derivedRoles)}, runtime.effectiveDerivedRoles)`]
      : []),
  ];
  return parts.join(' || ') || 'false';
}

function variablesOf(files: readonly PolicyFile[], body: z.infer<typeof bodySchema>): Map<string, string> {
  const imported = files.flatMap(({ documents }) =>
    documents.flatMap((document) => {
      const parsed = variablesSchema.safeParse(document.toJS());
      if (!parsed.success || !body.variables?.import?.includes(parsed.data.exportVariables.name)) return [];
      return Object.entries(parsed.data.exportVariables.definitions);
    }),
  );
  return new Map([...imported, ...Object.entries(body.variables?.local ?? {})]);
}
