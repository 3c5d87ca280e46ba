import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export function sha256Of(file) {
  return createHash('sha256').update(readFileSync(file)).digest('hex');
}

/**
 * An in-toto statement with SLSA provenance about the files of a release. A builder signs it after the build.
 * Source: https://slsa.dev/spec/v1.0/provenance
 */
export function provenanceOf(root, folder, files, externalParameters) {
  const { GITHUB_SERVER_URL: server, GITHUB_REPOSITORY: repository, GITHUB_RUN_ID: run } = process.env;
  const source = repository === undefined ? 'file://.' : `git+${server}/${repository}`;
  const statement = {
    _type: 'https://in-toto.io/Statement/v1',
    subject: files.map((name) => ({ name, digest: { sha256: sha256Of(join(folder, name)) } })),
    predicateType: 'https://slsa.dev/provenance/v1',
    predicate: {
      buildDefinition: {
        buildType: 'https://slsa-framework.github.io/github-actions-buildtypes/workflow/v1',
        externalParameters,
        resolvedDependencies: [
          { uri: source, digest: { gitCommit: commitOf(root) } },
          { uri: 'package-lock.json', digest: { sha256: sha256Of(join(root, 'package-lock.json')) } },
        ],
      },
      runDetails: {
        builder: { id: run === undefined ? 'https://localhost' : `${server}/${repository}/actions/runs/${run}` },
      },
    },
  };
  return `${JSON.stringify(statement, null, 2)}\n`;
}

/** @returns 'unknown' outside of a git repository, for example in an unpacked archive */
function commitOf(root) {
  try {
    return execFileSync('git', ['rev-parse', 'HEAD'], { cwd: root, encoding: 'utf8', stdio: 'pipe' }).trim();
  } catch {
    return 'unknown';
  }
}
