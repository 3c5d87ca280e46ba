import { forEachChild, type SyntaxNode } from 'unbash';
import type { EffectList } from '../effect-list.js';

/** Names that a part of a script may set: by assignments, by builtins, by loops. */
export function assignedNames(root: SyntaxNode, effects: EffectList): ReadonlySet<string> {
  const names = new Set<string>();
  const visit = (node: SyntaxNode): void => {
    if (!effects.step()) return;
    if (node.type === 'Assignment') names.add(node.name);
    if (node.type === 'For' || node.type === 'Select') names.add(node.name.text);
    if (node.type === 'ParameterExpansion') names.add(node.parameter);
    if (node.type === 'Command') {
      // Builtins set variables that they name.
      if (SETTERS.test(node.name?.value ?? '')) {
        for (const arg of node.args) for (const name of arg.text.match(/[A-Za-z_]\w*/g) ?? []) names.add(name);
      }
    }
    forEachChild(node, visit);
  };
  visit(root);
  return names;
}

const SETTERS =
  /^\\?(?:read|mapfile|readarray|printf|getopts|unset|let|eval|source|\.|export|declare|typeset|local|readonly|builtin|command)$/;
