import { contentRevision, type PolicyFolder, policyFiles, policyRules, statedRevision } from '@iris/policy-files';
import { cerbosCompile } from './cerbos-compile.js';
import { lintRules, lintScopes } from './lint-rules.js';
import { type TestRun, testPolicies } from './test-policies.js';
import { testedRules } from './tested-rules.js';

/** What is wrong with policies. */
export interface PolicyProblems {
  /** Errors of the compiler. While there are any, no test runs. */
  readonly errors: readonly string[];
  readonly lint: readonly string[];
  readonly runs: readonly TestRun[];
}

/** Compiles, lints and tests. @throws CliFault when there is no Cerbos binary */
export async function checkPolicies(folder: PolicyFolder, binary?: string): Promise<PolicyProblems> {
  const { errors, runs } = await testPolicies(folder, binary);
  return { errors, runs, lint: await lint(folder, errors.length === 0, binary) };
}

/** Compiles and lints. @throws CliFault when there is no Cerbos binary */
export async function lintPolicies(folder: PolicyFolder, binary?: string): Promise<PolicyProblems> {
  const { errors } = await cerbosCompile(folder.pack, folder.pack, {
    binary,
    strict: true,
    schemas: true,
    skipTests: true,
  });
  return { errors, runs: [], lint: await lint(folder, errors.length === 0, binary) };
}

async function lint(folder: PolicyFolder, compiles: boolean, binary?: string): Promise<string[]> {
  const files = policyFiles(folder.pack);
  // The compiler reports a conflict of scopes without the files.
  if (!compiles) return lintScopes(files);
  const rules = policyRules(files);
  const tested = await testedRules(folder, rules, binary);
  return [...lintRules(rules, (rule) => tested.has(rule)), ...lintScopes(files), ...revisionFaults(folder)];
}

function revisionFaults({ pack, isProject }: PolicyFolder): string[] {
  const stated = statedRevision(pack);
  if (stated === contentRevision(pack) || (stated === undefined && !isProject)) return [];
  return [`${pack}: the policies changed since their revision was written: run the command again with --stamp`];
}

export function problemsOf({ errors, lint: linted, runs }: PolicyProblems): string[] {
  return [
    ...errors,
    ...linted,
    ...runs.flatMap(({ label, failures }) => failures.map((failure) => `${label}: ${failure}`)),
  ];
}
