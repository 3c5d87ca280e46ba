import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What the command line reads beside its own code. */
const DATA = ['policies', 'deploy/helm/iris/files/sources.yaml'];

/**
 * Packs the compiled command line as an npm package with the dependencies that it can load.
 *
 * @returns the name of the package's file
 */
export function packCommandLine(root, work, target, version) {
  const entry = 'dist/apps/cli/src/main.js';
  if (!existsSync(join(root, entry))) throw new Error(`there is no ${entry}: run npm run build`);
  const folder = join(work, 'cli');
  for (const path of ['dist/apps/cli', 'dist/libs', ...DATA]) {
    cpSync(join(root, path), join(folder, path), { recursive: true });
  }
  mkdirSync(join(folder, 'bin'));
  writeFileSync(join(folder, 'bin/iris.js'), `#!/usr/bin/env node\nimport '../${entry}';\n`, { mode: 0o755 });
  writeFileSync(join(folder, 'package.json'), readFileSync(join(root, 'package.json')));
  const reduce = join(root, 'deploy/docker/keep-imported-dependencies.mjs');
  execFileSync(process.execPath, [reduce, entry], { cwd: folder, stdio: 'pipe' });
  const { dependencies, engines, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const manifest = {
    name: 'iris-cli',
    version,
    description: 'Command line of Iris',
    license,
    type: 'module',
    engines,
    bin: { iris: 'bin/iris.js' },
    dependencies,
  };
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  execFileSync('npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', target], {
    cwd: folder,
    stdio: 'pipe',
  });
  return `iris-cli-${version}.tgz`;
}
