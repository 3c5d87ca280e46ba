import type { JsonObject } from '@iris/contracts';
import { z } from 'zod';
import { type CheckResult, type Pdp, PdpError } from './pdp.js';

const attributes = z.record(z.string(), z.json()).default({});

const goldenSchema = z.strictObject({
  checks: z
    .array(
      z.strictObject({
        name: z.string().min(1),
        /** What a wrong answer means: see the file of the checks. */
        proves: z.enum(['pdp', 'strict_evaluation', 'policy_pack']),
        principal: z.strictObject({ id: z.string().min(1), roles: z.array(z.string()).min(1), attr: attributes }),
        resource: z.strictObject({
          kind: z.string().min(1),
          policyVersion: z.string().default('default'),
          scope: z.string().default(''),
          attr: attributes,
        }),
        action: z.string().min(1),
        expect: z.enum(['ALLOW', 'DENY']),
        /** Name of a rule that must have spoken. */
        rule: z.string().optional(),
      }),
    )
    .min(1),
});

/** Checks whose answers are known, so that a PDP with other policies or settings is noticed. */
export type GoldenChecks = z.infer<typeof goldenSchema>['checks'];

/**
 * Reads the golden checks from the parsed content of their file.
 *
 * @throws Error naming the path of the first wrong value
 */
export function parseGoldenChecks(content: unknown): GoldenChecks {
  const parsed = goldenSchema.safeParse(content);
  if (parsed.success) return parsed.data.checks;
  const issue = parsed.error.issues[0];
  throw new Error(`golden checks: ${issue?.path.join('.')}: ${issue?.message}`);
}

/** How the PDP fared. */
export interface GoldenReport {
  readonly reachable: boolean;
  /** Undefined when no check that proves it was answered. */
  readonly strict?: boolean;
  /** One line for each check that was answered otherwise than expected. */
  readonly failures: readonly string[];
}

type Outcome = { readonly answered: boolean; readonly failure?: string };

/** Asks the PDP every golden check. Never throws. */
export async function runGoldenChecks(pdp: Pdp, checks: GoldenChecks, timeoutMs: number): Promise<GoldenReport> {
  const outcomes = await Promise.all(checks.map((check) => runCheck(pdp, check, timeoutMs)));
  const proofs = checks.flatMap((check, index) => {
    const outcome = outcomes[index];
    return check.proves === 'strict_evaluation' && outcome?.answered ? [outcome.failure === undefined] : [];
  });
  return {
    reachable: outcomes.every(({ answered }) => answered),
    strict: proofs.length === 0 ? undefined : proofs.every(Boolean),
    failures: outcomes.flatMap(({ failure }) => failure ?? []),
  };
}

async function runCheck(pdp: Pdp, check: GoldenChecks[number], timeoutMs: number): Promise<Outcome> {
  const { kind, policyVersion, scope, attr } = check.resource;
  let result: CheckResult | undefined;
  try {
    [result] = await pdp.check(
      {
        principal: { ...check.principal, attr: check.principal.attr as JsonObject },
        resources: [{ kind, id: 'golden', action: check.action, attr: attr as JsonObject }],
        policyVersion,
        scope,
        requestId: `golden: ${check.name}`,
      },
      { timeoutMs },
    );
  } catch (error) {
    return { answered: false, failure: `${check.name}: ${error instanceof PdpError ? error.message : 'no answer'}` };
  }
  if (!result?.policyFound) {
    return { answered: true, failure: `${check.name}: the PDP holds no policy for ${kind}, version ${policyVersion}` };
  }
  if (result.effect !== check.expect) {
    return { answered: true, failure: `${check.name}: expected ${check.expect}, the PDP answered ${result.effect}` };
  }
  const spoke = check.rule === undefined || result.outputs.some(({ source }) => source.endsWith(`#${check.rule}`));
  return { answered: true, failure: spoke ? undefined : `${check.name}: the rule ${check.rule} did not decide` };
}
