import type { EffectList } from '../effect-list.js';

/** Whether a text is a patch in the form that coding agents send. */
export function isPatch(text: string): boolean {
  return text.slice(0, 2000).includes('*** Begin Patch');
}

/** Files that a patch writes and deletes. Source: the `apply_patch` tool of Codex. */
export function addPatchEffects(tool: string, text: string, effects: EffectList): void {
  const files = { write: new Set<string>(), delete: new Set<string>() };
  for (const line of text.split('\n')) {
    const header = /^\s{0,8}\*\*\* (Add|Update|Delete) File: (.{1,400})$|^\s{0,8}\*\*\* (Move) to: (.{1,400})$/.exec(
      line,
    );
    const path = header?.[2] ?? header?.[4];
    if (path !== undefined) files[header?.[1] === 'Delete' ? 'delete' : 'write'].add(path.trim());
  }
  for (const operation of ['delete', 'write'] as const) {
    const [first] = files[operation];
    if (first === undefined) continue;
    effects.add({
      program: tool,
      system: 'workstation',
      category: 'files',
      operation,
      targets: files[operation].size === 1 ? [{ text: first, kind: 'name', doubtful: false }] : [],
      via: [],
    });
  }
}
