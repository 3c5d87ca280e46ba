import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';

interface PolicyFile {
  readonly resourcePolicy: { version: string; readonly rules: { name: string; effect: string }[] };
}

/** A copy of the policy pack in which one rule denies what it allowed. */
export async function editedPack(folder: string, rule: string): Promise<string> {
  await cp('policies/pack', folder, { recursive: true });
  await writeEdited(folder, join(folder, 'enforce/aperture_hook.yaml'), rule, 'default');
  return folder;
}

/** A copy of the policy pack with a version `candidate` beside it, in which one rule denies what it allows. */
export async function packWithCandidate(folder: string, rule: string): Promise<string> {
  await cp('policies/pack', folder, { recursive: true });
  await writeEdited(folder, join(folder, 'candidate.yaml'), rule, 'candidate');
  return folder;
}

async function writeEdited(folder: string, file: string, rule: string, version: string): Promise<void> {
  const policy = parse(await readFile(join(folder, 'enforce/aperture_hook.yaml'), 'utf8')) as PolicyFile;
  const edited = policy.resourcePolicy.rules.find(({ name }) => name === rule);
  if (edited === undefined) throw new Error(`the pack has no rule ${rule}`);
  edited.effect = 'EFFECT_DENY';
  policy.resourcePolicy.version = version;
  await writeFile(file, stringify(policy, { lineWidth: 0 }));
}
