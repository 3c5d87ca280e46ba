import type { Effect, JsonObject } from '@iris/contracts';
import { z } from 'zod';
import { type Pdp, PdpError } from './pdp.js';

const attributes = z.record(z.string(), z.json()).default({});

const goldenSchema = z.strictObject({
  checks: z
    .array(
      z.strictObject({
        name: z.string().min(1),
        principal: z.strictObject({ id: z.string().min(1), roles: z.array(z.string()).min(1), attr: attributes }),
        resource: z.strictObject({
          kind: z.string().min(1),
          id: z.string().min(1),
          policyVersion: z.string().default('default'),
          scope: z.string().default(''),
          attr: attributes,
        }),
        action: z.string().min(1),
        expect: z.enum(['ALLOW', 'DENY']),
        /** True when a wrong answer means that the PDP runs without strict evaluation. */
        provesStrictEvaluation: z.boolean().default(false),
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

/** How the PDP fared. `strict` is undefined when no check that proves it was answered. */
export interface GoldenReport {
  readonly reachable: boolean;
  readonly strict?: boolean;
  /** One line for each check that was answered otherwise than expected. */
  readonly failures: readonly string[];
}

/** Asks the PDP every golden check. Never throws. */
export async function runGoldenChecks(pdp: Pdp, checks: GoldenChecks, timeoutMs: number): Promise<GoldenReport> {
  const failures: string[] = [];
  let strict: boolean | undefined;
  let reachable = true;
  await Promise.all(
    checks.map(async (check) => {
      let effect: Effect;
      let policyFound: boolean;
      try {
        const [result] = await pdp.check(
          {
            principal: { ...check.principal, attr: check.principal.attr as JsonObject },
            resources: [
              {
                kind: check.resource.kind,
                id: check.resource.id,
                action: check.action,
                attr: check.resource.attr as JsonObject,
              },
            ],
            policyVersion: check.resource.policyVersion,
            scope: check.resource.scope,
            requestId: `golden ${check.name}`,
          },
          { timeoutMs },
        );
        effect = result?.effect ?? 'DENY';
        policyFound = result?.policyFound ?? false;
      } catch (error) {
        reachable = false;
        failures.push(`${check.name}: ${error instanceof PdpError ? error.message : 'no answer'}`);
        return;
      }
      if (!policyFound) {
        failures.push(
          `${check.name}: the PDP holds no policy for ${check.resource.kind}, version ${check.resource.policyVersion}`,
        );
        return;
      }
      if (check.provesStrictEvaluation) strict = effect === check.expect;
      if (effect !== check.expect) failures.push(`${check.name}: expected ${check.expect}, the PDP answered ${effect}`);
    }),
  );
  return { reachable, strict, failures: failures.sort() };
}
