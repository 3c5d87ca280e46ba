import type { ToolClassification } from '@iris/contracts';

export type Operation = NonNullable<ToolClassification['operation']>;

/** From the most to the least restrictive. */
export const OPERATIONS: readonly Operation[] = ['delete', 'execute', 'export', 'write', 'read'];

/** Words in the name of a tool that are stricter than its wildcard. */
const VERBS: Readonly<Record<Exclude<Operation, 'read'>, ReadonlySet<string>>> = {
  delete: new Set(
    'delete del remove drop destroy purge wipe truncate nuke erase terminate kill uninstall prune shred revoke'.split(
      ' ',
    ),
  ),
  execute: new Set('execute exec run invoke eval evaluate call trigger rerun dispatch shell sudo deploy'.split(' ')),
  export: new Set('export dump download backup exfiltrate'.split(' ')),
  write: new Set(
    `create update write set put post push edit modify change add insert upsert merge send upload replace patch move
    rename close assign submit approve reject grant share publish transfer import restore reset enable disable
    start stop restart cancel archive fork overwrite invite`.split(/\s+/),
  ),
};

/**
 * The stricter of an operation and what the words of a name say that the wildcard leaves open: `get_*` also matches
 * `get_and_delete_everything`.
 */
export function stricterByVerbs(operation: Operation, wildcard: string, name: string): Operation {
  const judged = new Set(wordsOf(wildcard));
  const words = wordsOf(name).filter((word) => !judged.has(word));
  const said = (['delete', 'execute', 'export', 'write'] as const).find((kind) =>
    words.some((word) => VERBS[kind].has(word)),
  );
  return said !== undefined && OPERATIONS.indexOf(said) < OPERATIONS.indexOf(operation) ? said : operation;
}

function wordsOf(name: string): string[] {
  return name
    .replace(/([a-z0-9])(?=[A-Z])/g, '$1_')
    .toLowerCase()
    .split(/[^a-z]+/);
}
