import type { Json, JsonObject } from '@iris/contracts';
import type { Edit, JsonPath } from '@iris/json-document';
import { below, objectsIn } from '../../json-access.js';

/** A tool that stays, with its place. */
export interface KeptTool {
  readonly path: JsonPath;
  readonly entry: JsonObject;
}

/**
 * Edits of the tools that stay, for what they need from tools that are removed: without a search no tool can be loaded
 * on demand, and without programmatic calling no tool can be called from code.
 */
export function dependantsOf(kept: readonly KeptTool[], removedTypes: ReadonlySet<Json | undefined>): Edit[] {
  const isLost = (type: string) => removedTypes.has(type) && !kept.some(({ entry }) => entry.type === type);
  const edits: Edit[] = [];
  const [noSearch, noProgram] = [isLost('tool_search'), isLost('programmatic_tool_calling')];
  if (!noSearch && !noProgram) return edits;
  for (const { path, entry } of kept.flatMap(withMembers)) {
    if (noSearch && entry.defer_loading !== undefined) edits.push({ op: 'remove', path: below(path, 'defer_loading') });
    if (noProgram) edits.push(...withoutProgram(path, entry.allowed_callers));
  }
  return edits;
}

function withMembers(tool: KeptTool): KeptTool[] {
  if (tool.entry.type !== 'namespace') return [tool];
  const members = [...objectsIn(tool.entry.tools)];
  return [tool, ...members.map(([index, entry]) => ({ path: below(tool.path, 'tools', index), entry }))];
}

function withoutProgram(path: JsonPath, callers: Json | undefined): Edit[] {
  if (!Array.isArray(callers)) return [];
  const gone = [...callers.entries()].filter(([, caller]) => caller === 'programmatic').map(([index]) => index);
  const list = below(path, 'allowed_callers');
  if (gone.length === callers.length) return [{ op: 'remove', path: list }];
  return gone.map((index) => ({ op: 'remove', path: below(list, index) }));
}
