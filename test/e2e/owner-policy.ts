import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';

/** A copy of the policy pack with the constants and the rule that the guide gives for owners of databases. */
export async function packWithOwners(folder: string): Promise<string> {
  const guide = await readFile('docs/context.md', 'utf8');
  const [, chapter = ''] = guide.split('### On call for the service that owns the database');
  const [constants, rule] = [...chapter.matchAll(/```yaml\n(.*?)```/gs)].map(([, text]) => parse(text ?? ''));
  await cp('policies/pack', folder, { recursive: true });
  await edit(join(folder, '_iris_constants.yaml'), (file) =>
    Object.assign(file.exportConstants.definitions, constants),
  );
  await edit(join(folder, 'enforce/aperture_hook.yaml'), (file) => file.resourcePolicy.rules.push(rule));
  return folder;
}

async function edit(path: string, change: (file: ReturnType<typeof parse>) => unknown): Promise<void> {
  const file = parse(await readFile(path, 'utf8'));
  change(file);
  await writeFile(path, stringify(file, { lineWidth: 0 }));
}
