import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { filesIn } from './policy-folder.js';

/** Name of the file of a pack that holds its revision. */
export const REVISION_FILE = '_iris_revision.yaml';

/** Changes with every change of a policy or schema. 16 hexadecimal digits. */
export function contentRevision(pack: string): string {
  const hash = createHash('sha256');
  for (const file of filesIn(pack).filter((path) => path !== REVISION_FILE)) {
    hash
      .update(`${file}\0`)
      .update(readFileSync(join(pack, file)))
      .update('\0');
  }
  return hash.digest('hex').slice(0, 16);
}

/** The revision that the pack states of itself; undefined when it states none. */
export function statedRevision(pack: string): string | undefined {
  const file = join(pack, REVISION_FILE);
  if (!existsSync(file)) return undefined;
  const revision: unknown = parse(readFileSync(file, 'utf8'))?.exportConstants?.definitions?.revision;
  return typeof revision === 'string' ? revision : undefined;
}

/** The text of the file that holds the revision of a pack. */
export function revisionText(pack: string): string {
  return `# Written by \`npm run policies -- --stamp\`.
apiVersion: api.cerbos.dev/v1
description: The revision of these policies.
exportConstants:
  name: iris_revision
  definitions:
    revision: "${contentRevision(pack)}"
`;
}

/** Makes the pack state its revision, so that whoever keeps answers notices that they are outdated. */
export function stampRevision(pack: string): void {
  writeFileSync(join(pack, REVISION_FILE), revisionText(pack));
}
