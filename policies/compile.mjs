// Compiles the policies and runs their tests, by default and by strict evaluation, with and without schemas.
//   node policies/compile.mjs            check everything; exit code 1 on a fault
//   node policies/compile.mjs --stamp    write the revision of the policies first
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse, stringify } from 'yaml';
import { lintPolicies, lintTests } from './lint.mjs';
import { contentRevision, filesIn, stampRevision, statedRevision } from './revision.mjs';
import { testSuites } from './test-suites.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const pack = join(here, 'pack');
const require = createRequire(import.meta.url);

if (process.argv.includes('--stamp')) {
  stampRevision(pack);
}
const faults = [...lint(), ...runAll()];
for (const fault of faults) {
  console.error(`✗ ${fault}`);
}
process.exitCode = faults.length > 0 ? 1 : 0;

function lint() {
  const policies = filesIn(pack)
    .filter((file) => file.endsWith('.yaml'))
    .map((file) => ({ file, policy: parse(readFileSync(join(pack, file), 'utf8')) }));
  const found = [
    ...lintPolicies(policies),
    ...lintTests(policies, parse(readFileSync(join(here, 'tests/cases.yaml'), 'utf8'), { merge: true })),
  ];
  if (statedRevision(pack) !== contentRevision(pack)) {
    found.push('the policies changed since their revision was written: run node policies/compile.mjs --stamp');
  }
  return found;
}

function runAll() {
  const { command, strict } = findCerbos();
  if (!strict) {
    console.warn(`${command} does not know strict evaluation; only the default evaluation is tested`);
  }
  const runs = [
    { isStrict: false, schemas: false },
    { isStrict: true, schemas: false },
    { isStrict: true, schemas: true },
  ];
  return runs.filter(({ isStrict }) => strict || !isStrict).flatMap((run) => runOnce(command, run));
}

/** The PDP 0.55 where its package exists, else the one of the package `cerbos`. */
function findCerbos() {
  for (const name of ['@cerbos/cerbos-linux-x64/cerbos-linux-x64', 'cerbos/index.js']) {
    const path = resolve(name);
    if (path) {
      const command = path.endsWith('.js') ? [process.execPath, path] : [path];
      const { stdout } = spawnSync(command[0], [...command.slice(1), 'compile', '--help'], { encoding: 'utf8' });
      return { command, strict: stdout.includes('--strict-evaluation') };
    }
  }
  throw new Error('no Cerbos PDP is installed: run npm ci');
}

function resolve(name) {
  try {
    return require.resolve(name);
  } catch {
    return undefined;
  }
}

/**
 * Schemas refuse a value of a wrong type before any rule sees it, so the run without them is the one that proves the
 * conditions.
 */
function runOnce(command, { isStrict, schemas }) {
  const label = `${isStrict ? 'strict' : 'default'} evaluation, ${schemas ? 'with' : 'without'} schemas`;
  const folder = mkdtempSync(join(tmpdir(), 'iris-policies-'));
  try {
    const suites = layOut(folder, isStrict);
    const { stdout, stderr, status } = spawnSync(
      command[0],
      [
        ...command.slice(1),
        'compile',
        '--output=json',
        '--color=never',
        ...(isStrict ? ['--strict-evaluation'] : []),
        ...(schemas ? [] : ['--ignore-schemas']),
        folder,
      ],
      { encoding: 'utf8', maxBuffer: 256 * 1024 * 1024 },
    );
    const report = stdout.trim().startsWith('{') ? JSON.parse(stdout) : undefined;
    if (report?.suites === undefined) {
      return [`${label}: ${(stderr || stdout).trim()}`];
    }
    const failures = report.suites.flatMap((suite) => failuresOf(suite, suites.get(suite.file)));
    const count = report.suites.reduce((sum, { summary }) => sum + summary.testsCount, 0);
    console.log(
      `${failures.length === 0 && status === 0 ? '✓' : '✗'} ${label}: ${count} tests in ${report.suites.length} suites`,
    );
    return failures.length === 0 && status !== 0
      ? [`${label}: ${stderr.trim()}`]
      : failures.map((failure) => `${label}: ${failure}`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Policies, generated suites and written suites in one folder; returns what must have been said, by suite file. */
function layOut(folder, isStrict) {
  cpSync(pack, folder, { recursive: true });
  for (const source of ['both', isStrict ? 'strict' : 'lenient']) {
    const from = join(here, 'tests', source);
    if (existsSync(from)) {
      cpSync(from, join(folder, 'tests', source), { recursive: true });
    }
  }
  mkdirSync(join(folder, 'tests', 'cases'), { recursive: true });
  const cases = parse(readFileSync(join(here, 'tests', 'cases.yaml'), 'utf8'), { merge: true });
  return new Map(
    testSuites(cases).map(({ fileName, suite, spoken }) => {
      writeFileSync(join(folder, 'tests', 'cases', fileName), stringify(suite, { aliasDuplicateObjects: false }));
      return [`tests/cases/${fileName}`, spoken];
    }),
  );
}

function failuresOf(suite, spoken = {}) {
  if (suite.error) {
    return [`${suite.file}: ${suite.error}`];
  }
  return (suite.testCases ?? []).flatMap((testCase) =>
    (testCase.principals ?? []).flatMap(({ name: principal, resources }) =>
      resources.flatMap(({ name: resource, actions }) =>
        actions.flatMap(({ name: action, details }) => {
          const fault = faultOf(details, spoken[testCase.name]);
          return fault ? [`${suite.name}: ${testCase.name} (${principal}, ${resource}, ${action}): ${fault}`] : [];
        }),
      ),
    ),
  );
}

function faultOf(details, spoken) {
  if (details.result !== 'RESULT_PASSED') {
    const { expected, actual } = details.failure ?? {};
    return expected
      ? `expected ${expected}, got ${actual}`
      : (details.error ?? JSON.stringify(details.failure ?? details.result));
  }
  if (spoken === undefined) {
    return undefined;
  }
  const key = spoken.expect === 'ALLOW' ? 'allowed_by' : 'message';
  const said = (details.success?.outputs ?? []).filter(({ val }) => typeof val?.[key] === 'string');
  const own = said.find(({ src }) => src.endsWith(`#${spoken.rule}`));
  if (own === undefined) {
    return `the rule ${spoken.rule} says no ${key}; said: ${said.map(({ src }) => src.split('#')[1]).join(', ') || 'nothing'}`;
  }
  if (spoken.message !== undefined && own.val.message !== spoken.message) {
    return `the rule ${spoken.rule} says "${own.val.message}"`;
  }
  return undefined;
}
