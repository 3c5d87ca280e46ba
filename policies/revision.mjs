// The revision that the policies state of themselves, so that whoever keeps answers knows when they are outdated.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

const REVISION_FILE = '_iris_revision.yaml';

/** Paths of all files of a folder, sorted, relative to it. */
export function filesIn(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();
}

/** Changes with every change of a policy or schema. */
export function contentRevision(pack) {
  const hash = createHash('sha256');
  for (const file of filesIn(pack).filter((path) => path !== REVISION_FILE)) {
    hash
      .update(`${file}\0`)
      .update(readFileSync(join(pack, file)))
      .update('\0');
  }
  return hash.digest('hex').slice(0, 16);
}

/** What the pack states. */
export function statedRevision(pack) {
  return parse(readFileSync(join(pack, REVISION_FILE), 'utf8')).exportConstants.definitions.revision;
}

/** Makes the pack state its revision. */
export function stampRevision(pack) {
  writeFileSync(
    join(pack, REVISION_FILE),
    `# Written by \`node policies/compile.mjs --stamp\`.
apiVersion: api.cerbos.dev/v1
description: The revision of these policies.
exportConstants:
  name: iris_revision
  definitions:
    revision: "${contentRevision(pack)}"
`,
  );
}
