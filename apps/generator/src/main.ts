/**
 * `npm run generate`: derives every generated file of the repository. The first stage reads folders and data files, the
 * second loads the code. They are processes of their own, since the second loads what the first has written.
 */
import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';

const HELP = `Derives generated files: from vendor folders (apps/enricher-<id>), format folders
(apps/gateway/src/tool-calls/formats/<id>), libraries, settings, attributes, metrics, reason ids, protobuf files and
values.yaml.

  npm run generate              writes what differs
  npm run generate -- --check   writes nothing; lists the files that differ and exits with 1
  npm run generate -- --help    prints this text

Run it in the root of the repository. Commit what it writes.
`;

const STAGES = ['derive-from-folders.ts', 'derive-from-code.ts'];

let options: { check: boolean; help: boolean };
try {
  options = parseArgs({
    options: { check: { type: 'boolean', default: false }, help: { type: 'boolean', short: 'h', default: false } },
  }).values;
} catch (error) {
  process.stderr.write(`generate: ${(error as Error).message}; see npm run generate -- --help\n`);
  process.exit(2);
}

if (options.help) {
  process.stdout.write(HELP);
} else {
  const failed = STAGES.filter((stage) => !runStage(stage));
  if (failed.length > 0) {
    if (options.check) process.stderr.write('generated files differ; run npm run generate and commit the result\n');
    process.exitCode = 1;
  }
}

/** Without the first stage the second has nothing to load, so an error ends everything. */
function runStage(stage: string): boolean {
  const args = ['--import', 'tsx', `apps/generator/src/${stage}`, ...(options.check ? ['--check'] : [])];
  const { status } = spawnSync(process.execPath, args, { stdio: 'inherit' });
  if (status !== 0 && !options.check) process.exit(1);
  return status === 0;
}
