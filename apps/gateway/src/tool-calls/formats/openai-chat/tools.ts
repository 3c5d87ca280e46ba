import type { Json, JsonObject } from '@iris/contracts';
import type { Edit } from '@iris/json-document';
import { listed, statedKind, unrecognisedTool } from '../../closed-world/index.js';
import { objectOf, objectsIn, textOf, uniqueByKey } from '../../json-access.js';
import type { DeclaredTool, EditPlan } from '../llm-format.js';
import { STUB_TOOL_DESCRIPTION, stubToolName } from '../stub-tool.js';
import { hostedGroup, mcpGroup, namedTool } from '../tool-keys.js';
import { declaredCapabilities, switchOff } from './capabilities.js';
import { TOOLS } from './kinds.js';

export function declaredTools(body: JsonObject): DeclaredTool[] {
  return uniqueByKey(declarations(body));
}

function* declarations(body: JsonObject): Generator<DeclaredTool> {
  for (const [, entry] of objectsIn(body.tools)) yield* toolsOfEntry(entry);
  for (const [, entry] of objectsIn(body.functions)) yield namedTool(textOf(entry.name) ?? '');
  yield* declaredCapabilities(body);
}

/**
 * What one entry declares. Some clients send the flat shape of the Responses API; an entry that has two names is known
 * by both, because servers differ in which one they take.
 */
function toolsOfEntry(entry: JsonObject): DeclaredTool[] {
  const names = [objectOf(entry.function)?.name, objectOf(entry.custom)?.name, entry.name];
  const texts = names.filter((name): name is string => typeof name === 'string');
  const kind = statedKind(TOOLS, entry);
  if (kind !== undefined && !listed(TOOLS, kind)) return [unrecognisedTool('openai-chat', kind)];
  if (texts.length > 0) return [...new Set(texts)].map(namedTool);
  const type = textOf(entry.type);
  if (type === 'mcp') return [mcpGroup(textOf(entry.server_label) ?? '')];
  return type === undefined ? [] : [hostedGroup(type)];
}

/** Removes tools from `tools`, `functions` and the selectors; a list is never left empty. */
export function stripTools(body: JsonObject, keys: ReadonlySet<string>): EditPlan {
  const edits: Edit[] = [];
  const isGone = (entry: JsonObject) => toolsOfEntry(entry).some((tool) => keys.has(tool.key));
  const off = switchOff(body, keys);
  if ('toolKey' in off) return { status: 'not_representable', toolKey: off.toolKey };
  edits.push(...off);
  const functionsEmptied = stripList(
    body,
    'functions',
    (entry) => keys.has(namedTool(textOf(entry.name) ?? '').key),
    edits,
  );
  const toolsEmptied = stripList(body, 'tools', isGone, edits);
  if (toolsEmptied) {
    for (const key of ['tool_choice', 'parallel_tool_calls']) {
      if (body[key] !== undefined) edits.push({ op: 'remove', path: [key] });
    }
  } else {
    edits.push(...repairChoice(body.tool_choice, isGone), ...keepOneLoaded(body, isGone));
  }
  if (functionsEmptied) {
    if (body.function_call !== undefined) edits.push({ op: 'remove', path: ['function_call'] });
  } else {
    const forced = textOf(objectOf(body.function_call)?.name);
    if (forced !== undefined && keys.has(namedTool(forced).key)) {
      edits.push({ op: 'set', path: ['function_call'], json: '"auto"' });
    }
  }
  return { status: 'planned', edits };
}

/** Answers whether nothing is left, in which case the whole list is removed. */
function stripList(
  body: JsonObject,
  list: 'tools' | 'functions',
  isGone: (entry: JsonObject) => boolean,
  edits: Edit[],
): boolean {
  const entries = body[list];
  const removed = [...objectsIn(entries)].filter(([, entry]) => isGone(entry)).map(([index]) => index);
  if (removed.length === 0) return false;
  if (Array.isArray(entries) && removed.length === entries.length) {
    edits.push({ op: 'remove', path: [list] });
    return true;
  }
  for (const index of removed) edits.push({ op: 'remove', path: [list, index] });
  return false;
}

/** A forced choice of a removed tool becomes `auto`; a list of allowed tools of which none is left becomes `none`. */
function repairChoice(choice: Json | undefined, isGone: (entry: JsonObject) => boolean): Edit[] {
  const object = objectOf(choice);
  if (!object) return [];
  if (object.type !== 'allowed_tools') {
    return isGone(object) ? [{ op: 'set', path: ['tool_choice'], json: '"auto"' }] : [];
  }
  const nested = objectOf(object.allowed_tools);
  const allowed = nested ? nested.tools : object.tools;
  const path = nested ? ['tool_choice', 'allowed_tools', 'tools'] : ['tool_choice', 'tools'];
  const removed = [...objectsIn(allowed)].filter(([, entry]) => isGone(entry));
  if (removed.length === 0) return [];
  if (Array.isArray(allowed) && removed.length === allowed.length) {
    return [{ op: 'set', path: ['tool_choice'], json: '"none"' }];
  }
  return removed.map(([index]) => ({ op: 'remove', path: [...path, index] }));
}

/** Some servers load tools on demand and refuse a request in which no tool is loaded at once. */
function keepOneLoaded(body: JsonObject, isGone: (entry: JsonObject) => boolean): Edit[] {
  const entries = [...objectsIn(body.tools)].map(([, entry]) => entry);
  const kept = entries.filter((entry) => !isGone(entry));
  const isDeferred = (entry: JsonObject) =>
    entry.defer_loading === true || objectOf(entry.function)?.defer_loading === true;
  if (kept.length === entries.length || !kept.every(isDeferred) || entries.every(isDeferred)) return [];
  const taken = new Set(kept.flatMap(toolsOfEntry).map((tool) => tool.name));
  const stub = {
    name: stubToolName(taken),
    description: STUB_TOOL_DESCRIPTION,
    parameters: { type: 'object', properties: {} },
  };
  return [{ op: 'append', path: ['tools'], json: JSON.stringify({ type: 'function', function: stub }) }];
}
