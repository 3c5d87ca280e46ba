import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PolicyFolder } from '@iris/policy-files';
import type { ExpectedOutput } from './case-suites.js';
import { cerbosCompile, type TestDetails, type TestedSuite } from './cerbos-compile.js';
import { layOut } from './lay-out.js';

/** One run of the tests. */
export interface TestRun {
  readonly label: string;
  readonly tests: number;
  readonly suites: number;
  readonly failures: readonly string[];
}

export interface TestReport {
  /** Why the policies do not compile; no test has run then. */
  readonly errors: readonly string[];
  readonly runs: readonly TestRun[];
}

/**
 * Schemas refuse a value of a wrong type before any rule sees it, so the run without them is the one that proves the
 * conditions. The tests of a folder that is no project run as the shipped PDP evaluates.
 */
const PROJECT_RUNS = [
  { isStrict: false, schemas: false },
  { isStrict: true, schemas: false },
  { isStrict: true, schemas: true },
];
const FOLDER_RUNS = [{ isStrict: true, schemas: true }];

/**
 * Compiles the policies and runs their tests.
 *
 * @throws CliFault when there is no Cerbos binary
 */
export async function testPolicies(folder: PolicyFolder, binary?: string): Promise<TestReport> {
  const runs: TestRun[] = [];
  for (const run of folder.isProject ? PROJECT_RUNS : FOLDER_RUNS) {
    const outcome = await runOnce(folder, run, binary);
    // They do not compile by any evaluation.
    if ('errors' in outcome) return { errors: outcome.errors, runs };
    runs.push(outcome);
  }
  return { errors: [], runs };
}

async function runOnce(
  folder: PolicyFolder,
  { isStrict, schemas }: { isStrict: boolean; schemas: boolean },
  binary?: string,
): Promise<TestRun | { errors: readonly string[] }> {
  const copy = mkdtempSync(join(tmpdir(), 'iris-policies-'));
  try {
    const expected = layOut(folder, copy, isStrict);
    const { errors, suites } = await cerbosCompile(copy, folder.pack, { binary, strict: isStrict, schemas });
    if (errors.length > 0) return { errors };
    return {
      label: `${isStrict ? 'strict' : 'default'} evaluation, ${schemas ? 'with' : 'without'} schemas`,
      tests: suites.reduce((sum, { summary }) => sum + summary.testsCount, 0),
      suites: suites.length,
      failures: suites.flatMap((suite) => failuresOf(suite, expected.get(suite.file))),
    };
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

function failuresOf(suite: TestedSuite, expected: Readonly<Record<string, ExpectedOutput>> = {}): string[] {
  if (suite.error) return [`${suite.file}: ${suite.error}`];
  return suite.testCases.flatMap((testCase) =>
    testCase.principals.flatMap(({ name: principal, resources }) =>
      resources.flatMap(({ name: resource, actions }) =>
        actions.flatMap(({ name: action, details }) => {
          const failure = failureOf(details, expected[testCase.name]);
          return failure ? [`${suite.name}: ${testCase.name} (${principal}, ${resource}, ${action}): ${failure}`] : [];
        }),
      ),
    ),
  );
}

/** Besides a pass, a test without a result of its own is skipped, which a suite has to ask for. */
const PASSED = ['RESULT_PASSED', 'RESULT_SKIPPED'];

function failureOf(details: TestDetails, wanted: ExpectedOutput | undefined): string | undefined {
  if (!PASSED.includes(details.result)) {
    const { expected, actual } = details.failure ?? {};
    return expected
      ? `expected ${expected}, got ${actual}`
      : (details.error ?? JSON.stringify(details.failure ?? details.result));
  }
  if (wanted === undefined) return undefined;
  const key = wanted.expect === 'ALLOW' ? 'allowed_by' : 'message';
  const texts = (details.success?.outputs ?? []).flatMap(({ src, val }) => {
    const text = typeof val === 'object' && val !== null ? (val as Record<string, unknown>)[key] : undefined;
    return typeof text === 'string' ? [{ rule: src.replace(/^.*#/, ''), text }] : [];
  });
  const own = texts.find(({ rule }) => rule === wanted.rule);
  if (own === undefined) {
    const others = texts.map(({ rule }) => rule).join(', ') || 'none';
    return `the rule ${wanted.rule} has no output ${key}; rules with one: ${others}`;
  }
  if (wanted.message !== undefined && own.text !== wanted.message) {
    return `the message of the rule ${wanted.rule} is "${own.text}"`;
  }
  return undefined;
}
