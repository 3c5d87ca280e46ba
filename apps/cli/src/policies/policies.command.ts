import { policyFolder, stampRevision } from '@iris/policy-files';
import type { Command } from 'commander';
import { EXIT, type Finish } from '../exit-codes.js';
import type { CliIo } from '../io.js';
import { cerbosOption, jsonOption, withOptions } from '../options.js';
import { printJson } from '../output.js';
import { checkPolicies, lintPolicies, type PolicyProblems, problemsOf } from './check-policies.js';
import { type PoliciesCiOptions, policiesCi } from './policies-ci.js';

interface Options {
  readonly cerbos?: string;
  readonly stamp: boolean;
  readonly json?: boolean;
}

/** `iris policies`: compiles, lints and tests policies. */
export function registerPolicies(program: Command, io: CliIo, finish: Finish): void {
  const policies = program.command('policies').description('compile, lint and test policies');
  const add = (name: string, description: string) =>
    withOptions(policies.command(name).description(description), [cerbosOption(), jsonOption()])
      .argument('[folder]', 'folder with pack/ and tests/, or a folder of policies with test suites', 'policies')
      .option('--stamp', 'write the revision of the policies into the pack first', false);
  add('test', 'compile and lint the policies and run their tests; exit code 1 when one fails').action(
    async (path: string, options: Options) => {
      const folder = policyFolder(path);
      if (options.stamp) stampRevision(folder.pack);
      print(await checkPolicies(folder, options.cerbos), options);
    },
  );
  add('lint', 'find what the compiler accepts, such as a rule that allows everybody; exit code 1 with findings').action(
    async (path: string, options: Options) => {
      const folder = policyFolder(path);
      if (options.stamp) stampRevision(folder.pack);
      print(await lintPolicies(folder, options.cerbos), options);
    },
  );
  withOptions(
    policies.command('ci').description('compile, lint, test, and replay recorded decisions; write a Markdown comment'),
    [cerbosOption()],
  )
    .argument('[folder]', 'folder with pack/ and tests/, or a folder of policies with test suites', 'policies')
    .option('--evidence <path...>', 'files or folders of evidence', [])
    .option('--catalog <file>', 'read the calls again by this tool catalog, instead of as recorded')
    .option('--policy-version <version>', 'version that is asked, instead of the recorded one')
    .option('--masked', 'also replay records with masked attributes', false)
    .option('--comment <file>', 'append the comment to this file instead of the standard output')
    .option('--accept-changes', 'exit with 0 when decisions change and nothing else is found', false)
    .action(async (folder: string, options: Omit<PoliciesCiOptions, 'folder'> & { acceptChanges: boolean }) => {
      const { problems, toAllow, toDeny } = await policiesCi({ ...options, folder }, io);
      io.err(`${problems} problems, ${toAllow} decisions change to ALLOW, ${toDeny} to DENY\n`);
      const changed = toAllow + toDeny > 0 && !options.acceptChanges;
      finish(problems > 0 || changed ? EXIT.FOUND : EXIT.OK);
    });

  function print(found: PolicyProblems, { json }: Options): void {
    const problems = problemsOf(found);
    if (json) printJson(io, found);
    else {
      for (const problem of problems) io.err(`✗ ${problem}\n`);
      for (const { label, tests, suites, failures } of found.runs) {
        io.out(`${failures.length === 0 ? '✓' : '✗'} ${label}: ${tests} tests in ${suites} suites\n`);
      }
      io.out(problems.length === 0 ? '✓ policies: no findings\n' : `${problems.length} findings\n`);
    }
    finish(problems.length > 0 ? EXIT.FOUND : EXIT.OK);
  }
}
