import type { JsonObject } from '@iris/contracts';
import type { Edit, JsonPath } from '@iris/json-document';
import { below, objectOf, objectsIn, textOf } from '../../json-access.js';
import type { DeclaredTool } from '../llm-format.js';
import { toolsOfEntry } from './tools.js';

/** Switches single members of a toolset off: the toolset has no list to take them from. */
export function disableMembers(
  path: JsonPath,
  entry: JsonObject,
  gone: (tool: DeclaredTool) => boolean,
  edits: Edit[],
) {
  const members = toolsOfEntry(entry).filter((tool) => tool.kind === 'tool' && tool.server !== undefined && gone(tool));
  switchOff(path, entry, new Set(members.map((tool) => tool.name)), edits);
}

export function switchOff(path: JsonPath, entry: JsonObject, members: ReadonlySet<string>, edits: Edit[]): void {
  if (members.size === 0) return;
  const configs = objectOf(entry.configs);
  if (!configs) {
    const off = Object.fromEntries([...members].map((member) => [member, { enabled: false }]));
    edits.push({ op: 'set', path: below(path, 'configs'), json: JSON.stringify(off) });
  } else {
    for (const member of members) {
      const config = objectOf(configs[member]);
      const json = config ? 'false' : '{"enabled":false}';
      edits.push({ op: 'set', path: below(path, 'configs', member, ...(config ? ['enabled'] : [])), json });
    }
  }
  const pinned = [...objectsIn(entry.tools)].filter(([, tool]) => members.has(textOf(tool.name) ?? ''));
  if (pinned.length > 0 && Array.isArray(entry.tools) && pinned.length === entry.tools.length) {
    edits.push({ op: 'remove', path: below(path, 'tools') });
  } else for (const [index] of pinned) edits.push({ op: 'remove', path: below(path, 'tools', index) });
}
