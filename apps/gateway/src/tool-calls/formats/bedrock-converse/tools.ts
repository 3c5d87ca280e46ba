import type { Json, JsonObject } from '@iris/contracts';
import type { Edit, JsonPath } from '@iris/json-document';
import { listed, statedKind, unrecognisedTool } from '../../closed-world/index.js';
import { below, objectOf, objectsIn, textOf, uniqueByKey } from '../../json-access.js';
import type { DeclaredTool, EditPlan } from '../llm-format.js';
import { STUB_TOOL_DESCRIPTION, stubToolName } from '../stub-tool.js';
import { hostedGroup, memberTool, namedTool } from '../tool-keys.js';
import { NATIVE_TOOLS, TOOLS } from './kinds.js';

/** Native tools of the model's maker that pass through unseen by Converse. */
const NATIVE_TOOLS_PATH: JsonPath = ['additionalModelRequestFields', 'tools'];

/** Stands where a reference to a removed tool stood, so that no message is left empty. */
const REMOVED_REFERENCE = JSON.stringify({ text: 'A tool declaration was removed by policy.' });

export function declaredTools(body: JsonObject): DeclaredTool[] {
  return uniqueByKey(declarations(body));
}

function* declarations(body: JsonObject): Generator<DeclaredTool> {
  for (const [, entry] of objectsIn(objectOf(body.toolConfig)?.tools)) yield* toolsOfEntry(entry);
  for (const [, entry] of objectsIn(nativeTools(body))) yield* nativeTool(entry);
  for (const { reference, isAddition } of references(body)) if (isAddition) yield referencedTool(reference);
}

/** A tool of the request, a system tool that the provider runs, or a member of an unlisted kind. */
function toolsOfEntry(entry: JsonObject): DeclaredTool[] {
  const tools: DeclaredTool[] = [];
  for (const [key, value] of Object.entries(entry)) {
    if (value === null) continue;
    if (!listed(TOOLS, key)) tools.push(unrecognisedTool('bedrock-converse', key));
    else if (key !== 'cachePoint') tools.push(namedTool(textOf(objectOf(value)?.name) ?? ''));
  }
  return tools;
}

function nativeTools(body: JsonObject): Json | undefined {
  return objectOf(body.additionalModelRequestFields)?.tools;
}

function nativeTool(entry: JsonObject): DeclaredTool[] {
  const type = statedKind(NATIVE_TOOLS, entry);
  const name = textOf(entry.name) ?? textOf(objectOf(entry.function)?.name);
  if (type !== undefined && !listed(NATIVE_TOOLS, type)) {
    const unlisted = unrecognisedTool('bedrock-converse', type);
    return name === undefined ? [unlisted] : [unlisted, namedTool(name)];
  }
  if (name !== undefined) return [namedTool(name)];
  const [kind] = textOf(entry.type) === undefined ? Object.keys(entry) : [textOf(entry.type)];
  return kind === undefined ? [] : [hostedGroup(kind)];
}

interface Reference {
  readonly reference: JsonObject;
  readonly isAddition: boolean;
  readonly path: JsonPath;
}

/** Tools that are added or removed between the messages. */
function* references(body: JsonObject): Generator<Reference> {
  for (const [index, message] of objectsIn(body.messages)) {
    for (const [position, block] of objectsIn(message.content)) {
      const path = ['messages', index, 'content', position];
      const added = objectOf(objectOf(block.toolAddition)?.tool);
      const removed = objectOf(objectOf(block.toolRemoval)?.tool);
      if (added) yield { reference: added, isAddition: true, path };
      else if (removed) yield { reference: removed, isAddition: false, path };
    }
  }
}

function referencedTool(reference: JsonObject): DeclaredTool {
  const name = textOf(reference.name) ?? '';
  const server = textOf(reference.serverName);
  return server === undefined ? namedTool(name) : memberTool('mcp', server, name);
}

/** Removes tools from the configuration, the native fields, the messages and the choice. */
export function stripTools(body: JsonObject, keys: ReadonlySet<string>): EditPlan {
  const edits: Edit[] = [];
  const isGone = (tool: DeclaredTool) => keys.has(tool.key);
  stripToolConfig(body, isGone, edits);
  stripNativeTools(body, isGone, edits);
  for (const { reference, path } of references(body)) {
    if (isGone(referencedTool(reference))) edits.push({ op: 'set', path, json: REMOVED_REFERENCE });
  }
  return { status: 'planned', edits };
}

function stripToolConfig(body: JsonObject, isGone: (tool: DeclaredTool) => boolean, edits: Edit[]): void {
  const config = objectOf(body.toolConfig);
  const entries = [...objectsIn(config?.tools)];
  const removed = new Set(entries.filter(([, entry]) => toolsOfEntry(entry).some(isGone)).map(([index]) => index));
  if (!config || removed.size === 0) return;
  const isToolLeft = entries.some(([index, entry]) => !removed.has(index) && toolsOfEntry(entry).length > 0);
  if (!isToolLeft && !needsTools(body, isGone)) {
    edits.push({ op: 'remove', path: ['toolConfig'] });
    return;
  }
  const forced = textOf(objectOf(objectOf(config.toolChoice)?.tool)?.name);
  if (!isToolLeft) {
    edits.push({ op: 'set', path: ['toolConfig', 'tools'], json: `[${stubTool()}]` });
    if (config.toolChoice !== undefined) edits.push({ op: 'remove', path: ['toolConfig', 'toolChoice'] });
    return;
  }
  for (const index of [...removed, ...idleCachePoints(entries, removed)]) {
    edits.push({ op: 'remove', path: ['toolConfig', 'tools', index] });
  }
  if (forced !== undefined && isGone(namedTool(forced))) {
    edits.push({ op: 'set', path: ['toolConfig', 'toolChoice'], json: '{"auto":{}}' });
  }
}

/** Cache points that a removal has left first or behind another one, where they mark nothing. */
function idleCachePoints(entries: readonly [number, JsonObject][], removed: ReadonlySet<number>): number[] {
  const idle: number[] = [];
  let marksSomething = false;
  let removedBefore = false;
  for (const [index, entry] of entries) {
    if (removed.has(index)) {
      removedBefore = true;
      continue;
    }
    const isCachePoint = entry.cachePoint !== undefined;
    if (isCachePoint && !marksSomething && removedBefore) idle.push(index);
    marksSomething = !isCachePoint;
  }
  return idle;
}

function stripNativeTools(body: JsonObject, isGone: (tool: DeclaredTool) => boolean, edits: Edit[]): void {
  const list = nativeTools(body);
  const removed = [...objectsIn(list)].filter(([, entry]) => nativeTool(entry).some(isGone)).map(([index]) => index);
  if (removed.length === 0) return;
  const emptied = Array.isArray(list) && removed.length === list.length;
  if (emptied) edits.push({ op: 'remove', path: NATIVE_TOOLS_PATH });
  else for (const index of removed) edits.push({ op: 'remove', path: below(NATIVE_TOOLS_PATH, index) });
  const choice = objectOf(objectOf(body.additionalModelRequestFields)?.tool_choice);
  const forced = textOf(choice?.name);
  if (choice && (emptied || (forced !== undefined && isGone(namedTool(forced))))) {
    edits.push({ op: 'remove', path: ['additionalModelRequestFields', 'tool_choice'] });
  }
}

/** Converse refuses calls in the history of a request without a tool configuration. */
function needsTools(body: JsonObject, isGone: (tool: DeclaredTool) => boolean): boolean {
  for (const [, message] of objectsIn(body.messages)) {
    for (const [, block] of objectsIn(message.content)) {
      if (block.toolUse !== undefined || block.toolResult !== undefined) return true;
    }
  }
  for (const { reference } of references(body)) if (!isGone(referencedTool(reference))) return true;
  return false;
}

function stubTool(): string {
  return JSON.stringify({
    toolSpec: {
      name: stubToolName(new Set()),
      description: STUB_TOOL_DESCRIPTION,
      inputSchema: { json: { type: 'object', properties: {} } },
    },
  });
}
