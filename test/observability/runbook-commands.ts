import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';

const ROOT = process.cwd();
const RUNBOOKS = join(ROOT, 'deploy/prometheus/runbooks');

/** What the output of a runbook's commands names while its alert fires in the observed mesh. */
export const NAMED_CAUSES: Readonly<Record<string, RegExp>> = {
  IrisBreakGlassOn: /a drill/,
  IrisCatalogNotLoaded: /entries/,
  IrisEvidenceBacklog: /auditor.*=> 0 /,
  IrisEvidenceChainBroken: /kind="missing"/,
  IrisEvidenceDeadLetters: /400/,
  IrisEvidenceLost: /dropped/,
  IrisEvidenceNotDelivered: /auditor.*=> 0 /,
  IrisEvidenceSpoolInUse: /auditor.*=> 0 /,
  IrisHookKeysRefused: /hook_unauthenticated[\s\S]*hook_key_wrong/,
  IrisHooksFailFast: /pdp_(timeout|unavailable)/,
  IrisHooksFailSlowly: /pdp_(timeout|unavailable)/,
  IrisHooksNearTimeout: /pdp_(timeout|unavailable)/,
  IrisHooksSlow: /pdp_(timeout|unavailable)/,
  IrisNoHooks: /aperture_hook_disabled/,
  IrisNoPolicyMatch: /pdp_policy_missing/,
  IrisNothingToEvaluate: /event="pre_request".*nothing_to_evaluate/,
  IrisObserveOnlyWiring: /aperture_observes_only/,
  IrisPdpNotReady: /pdp_unreachable/,
  IrisPdpStale: /iris_pdp_revision[\s\S]*iris_pdp_revision/,
  IrisPolicyLoadFailed: /sync_error_count_total\{.*pod="pdp-1"/,
  IrisRedisNotServing: /condition="replica"/,
  IrisSourceCircuitOpen: /source="servicenow"/,
  IrisSourceCredentialsRefused: /source_unauthorized \(workday\)|outcome="unauthorized", source="workday"/,
  IrisSourceStale: /source_failing \(okta\)/,
  IrisSourceUnavailable: /(source_failing|source_unauthorized|enricher_unreachable)/,
  IrisTargetAbsent: /auditor.*=> 0 /,
  IrisUnrecognisedKind: /format="/,
};

/** The commands of a runbook's diagnosis, as printed. */
function commandsOf(alert: string): string {
  const text = readFileSync(join(RUNBOOKS, `${alert}.md`), 'utf8');
  const [, commands] = /## Diagnosis\n\n```sh\n([\s\S]*?)```/.exec(text) ?? [];
  if (commands === undefined) throw new Error(`${alert}.md has no commands below Diagnosis`);
  return commands;
}

/**
 * Puts `iris` on a PATH of its own.
 *
 * @returns the value of PATH
 */
export async function pathWithIris(folder: string): Promise<string> {
  const bin = join(folder, 'bin');
  await mkdir(bin, { recursive: true });
  const iris = join(bin, 'iris');
  await writeFile(iris, `#!/bin/sh\nexec '${process.execPath}' '${join(ROOT, 'dist/apps/cli/src/main.js')}' "$@"\n`);
  await chmod(iris, 0o755);
  return `${bin}${delimiter}${process.env.PATH ?? ''}`;
}

/** Runs the commands of a runbook and returns what they print. Their exit codes do not count: they find errors. */
export function runRunbook(alert: string, env: Readonly<Record<string, string>>): Promise<string> {
  return new Promise((resolve) => {
    const options = { cwd: ROOT, env: { ...process.env, NODE_OPTIONS: '', ...env }, timeout: 120_000 };
    execFile('bash', ['-c', commandsOf(alert)], options, (_error, stdout, stderr) => resolve(`${stdout}${stderr}`));
  });
}
