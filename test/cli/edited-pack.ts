import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';

interface PolicyFile {
  readonly resourcePolicy: { readonly rules: { name: string; effect: string }[] };
}

/** A copy of the policy pack in which one rule denies what it allowed. */
export async function editedPack(folder: string, rule: string): Promise<string> {
  await cp('policies/pack', folder, { recursive: true });
  const file = join(folder, 'enforce/aperture_hook.yaml');
  const policy = parse(await readFile(file, 'utf8')) as PolicyFile;
  const edited = policy.resourcePolicy.rules.find(({ name }) => name === rule);
  if (edited === undefined) throw new Error(`the pack has no rule ${rule}`);
  edited.effect = 'EFFECT_DENY';
  await writeFile(file, stringify(policy, { lineWidth: 0 }));
  return folder;
}
