import type { JsonObject } from '@iris/contracts';
import type { Edit, JsonPath } from '@iris/json-document';
import { below, objectOf, objectsIn, textOf } from '../../json-access.js';
import type { DeclaredTool } from '../llm-format.js';
import { namedTool } from '../tool-keys.js';
import { disableMembers } from './switch-off.js';
import { definitionIn, isEntryGone, messageBlocks, referencedTool, toolsOfEntry } from './tools.js';

/** Stands where a mid-conversation declaration of a removed tool stood, so that no message is left empty. */
const REMOVED_DECLARATION = JSON.stringify({ type: 'text', text: 'A tool declaration was removed by policy.' });

/**
 * Puts a text in the place of mid-conversation declarations and of references to removed tools. Answers the key of a
 * removed tool that a part names which must be sent back as it came, if there is one.
 */
export function stripMessages(
  body: JsonObject,
  gone: (tool: DeclaredTool) => boolean,
  edits: Edit[],
): string | undefined {
  for (const { block, role, path } of messageBlocks(body)) {
    if (block.type === 'tool_addition' || block.type === 'tool_removal') {
      const definition = definitionIn(block);
      if (definition ? isEntryGone(definition, gone) : referencedTool(block).some(gone)) {
        edits.push({ op: 'set', path, json: REMOVED_DECLARATION });
      } else if (definition) disableMembers(below(path, 'tool', 'definition'), definition, gone, edits);
    } else if (block.type === 'tool_result') stripReferences(block, path, gone, edits);
    else if (role === 'assistant') {
      const named = referencesInAssistantBlock(block).find(gone);
      if (named) return named.key;
    }
  }
  return undefined;
}

function referencesInAssistantBlock(block: JsonObject): DeclaredTool[] {
  if (block.type === 'compaction') {
    return [...objectsIn(block.tool_changes)].flatMap(([, change]) => {
      const definition = definitionIn(change);
      return definition ? toolsOfEntry(definition) : referencedTool(change);
    });
  }
  if (block.type !== 'tool_search_tool_result') return [];
  const references = [...objectsIn(objectOf(block.content)?.tool_references)];
  return references.map(([, reference]) => namedTool(textOf(reference.tool_name) ?? ''));
}

/** A reference to a tool that is not offered makes the provider refuse the request. */
function stripReferences(block: JsonObject, path: JsonPath, gone: (tool: DeclaredTool) => boolean, edits: Edit[]) {
  const blocks = Array.isArray(block.content) ? block.content : [];
  const removed = [...objectsIn(block.content)].filter(
    ([, part]) => part.type === 'tool_reference' && gone(namedTool(textOf(part.tool_name) ?? '')),
  );
  if (removed.length === 0) return;
  if (removed.length === blocks.length) {
    edits.push({ op: 'set', path: below(path, 'content'), json: JSON.stringify('The tool is not available.') });
    return;
  }
  for (const [position] of removed) edits.push({ op: 'remove', path: below(path, 'content', position) });
}
