import type { JsonObject } from '@iris/contracts';
import type { Edit, JsonPath } from '@iris/json-document';
import { listed, unrecognisedTool } from '../../closed-world/index.js';
import { below, objectOf, objectsIn, textOf, uniqueByKey } from '../../json-access.js';
import type { DeclaredTool } from '../llm-format.js';
import { hostedGroup, mcpGroup, namedTool } from '../tool-keys.js';
import { camelCase, fieldsOf } from './fields.js';
import { TOOLS } from './kinds.js';

export function declaredTools(request: JsonObject): DeclaredTool[] {
  return uniqueByKey(declarations(request));
}

function* declarations(request: JsonObject): Generator<DeclaredTool> {
  for (const [, entry] of objectsIn(request.tools)) {
    for (const [key, value] of Object.entries(entry)) {
      const kind = camelCase(key);
      if (kind === 'functionDeclarations') {
        for (const [, declaration] of objectsIn(value)) yield namedTool(textOf(declaration.name) ?? '');
      } else if (kind === 'mcpServers') {
        for (const [, server] of objectsIn(value)) yield mcpGroup(textOf(server.name) ?? '');
      } else if (value !== null) yield toolOfKind(kind);
    }
  }
}

function toolOfKind(kind: string): DeclaredTool {
  return listed(TOOLS, kind) ? hostedGroup(kind) : unrecognisedTool('gemini', kind);
}

/**
 * Removes tools from `tools` and from the names that the model may be held to. Nothing is left empty: an emptied list
 * of allowed names would allow every function, so the mode becomes NONE.
 */
export function stripTools(request: JsonObject, root: JsonPath, keys: ReadonlySet<string>): Edit[] {
  const edits: Edit[] = [];
  const entries = [...objectsIn(request.tools)];
  const removed: number[] = [];
  for (const [index, entry] of entries) {
    if (stripEntry(entry, below(root, 'tools', index), keys, edits)) removed.push(index);
  }
  const emptied = removed.length > 0 && Array.isArray(request.tools) && removed.length === request.tools.length;
  if (emptied) edits.push({ op: 'remove', path: below(root, 'tools') });
  else for (const index of removed) edits.push({ op: 'remove', path: below(root, 'tools', index) });
  const hasFunctions = declaredTools(request).some((tool) => !keys.has(tool.key) && callsFunctions(tool));
  const hadFunctions = declaredTools(request).some(callsFunctions);
  repairConfigs(request, root, keys, hadFunctions && !hasFunctions, emptied, edits);
  return edits;
}

/** Whether a declaration lets the model make function calls, which the mode is about. */
function callsFunctions(tool: DeclaredTool): boolean {
  return tool.kind === 'tool' || tool.key.startsWith('mcp:') || tool.key === hostedGroup('computerUse').key;
}

/** Answers whether nothing is left of the entry. */
function stripEntry(entry: JsonObject, path: JsonPath, keys: ReadonlySet<string>, edits: Edit[]): boolean {
  const own: Edit[] = [];
  let left = 0;
  for (const [key, value] of Object.entries(entry)) {
    const kind = camelCase(key);
    const toKey =
      kind === 'functionDeclarations' ? (name: string) => namedTool(name).key : (name: string) => mcpGroup(name).key;
    if ((kind === 'functionDeclarations' || kind === 'mcpServers') && Array.isArray(value)) {
      const gone = [...objectsIn(value)].filter(([, item]) => keys.has(toKey(textOf(item.name) ?? '')));
      if (gone.length > 0 && gone.length === value.length) own.push({ op: 'remove', path: below(path, key) });
      else {
        left += 1;
        for (const [index] of gone) own.push({ op: 'remove', path: below(path, key, index) });
      }
    } else if (keys.has(toolOfKind(kind).key)) own.push({ op: 'remove', path: below(path, key) });
    else left += 1;
  }
  if (own.length === 0) return false;
  if (left === 0) return true;
  edits.push(...own);
  return false;
}

function repairConfigs(
  request: JsonObject,
  root: JsonPath,
  keys: ReadonlySet<string>,
  lostFunctions: boolean,
  emptied: boolean,
  edits: Edit[],
): void {
  for (const [toolConfigKey, toolConfig] of fieldsOf(request, 'toolConfig')) {
    const outer = objectOf(toolConfig) ?? {};
    const callingKeys = fieldsOf(outer, 'functionCallingConfig');
    for (const [key, value] of callingKeys) {
      const path = below(root, toolConfigKey, key);
      if (emptied) {
        const isAll = Object.keys(outer).length === callingKeys.length;
        edits.push({ op: 'remove', path: isAll ? below(root, toolConfigKey) : path });
      } else repairConfig(objectOf(value) ?? {}, path, keys, lostFunctions, edits);
    }
  }
}

function repairConfig(
  config: JsonObject,
  path: JsonPath,
  keys: ReadonlySet<string>,
  lostFunctions: boolean,
  edits: Edit[],
): void {
  let none = lostFunctions && config.mode !== undefined && config.mode !== 'AUTO' && config.mode !== 'NONE';
  const lists = fieldsOf(config, 'allowedFunctionNames');
  for (const [key, names] of lists) {
    const list = Array.isArray(names) ? names : [];
    const gone = [...list.entries()].filter(([, name]) => typeof name === 'string' && keys.has(namedTool(name).key));
    if (gone.length > 0 && gone.length === list.length) none = true;
    else for (const [index] of gone) edits.push({ op: 'remove', path: below(path, key, index) });
  }
  if (!none) return;
  edits.push({ op: 'set', path: below(path, 'mode'), json: '"NONE"' });
  for (const [key] of lists) edits.push({ op: 'remove', path: below(path, key) });
}
