import type { JsonObject } from '@iris/contracts';
import type { Edit } from '@iris/json-document';
import { below, textOf } from '../../json-access.js';
import { messageBlocks } from './tools.js';

type Entries = readonly [number, JsonObject][];

/** Replaces a file for a container that no tool runs in. */
const REMOVED_UPLOAD = JSON.stringify({ type: 'text', text: 'A file was removed with the tool that reads it.' });

const CODE_EXECUTION = /^code_execution_/;

/** Edits of what depends on a removed code execution: callers, the container, and files uploaded to it. */
export function dependantsOf(body: JsonObject, kept: Entries, removed: readonly JsonObject[]): Edit[] {
  const gone = new Set(removed.map((entry) => textOf(entry.type) ?? '').filter((type) => CODE_EXECUTION.test(type)));
  if (gone.size === 0) return [];
  const left = new Set(kept.map(([, entry]) => textOf(entry.type) ?? '').filter((type) => CODE_EXECUTION.test(type)));
  const edits: Edit[] = [];
  for (const [index, entry] of kept) {
    if (!Array.isArray(entry.allowed_callers)) continue;
    const path = ['tools', index, 'allowed_callers'];
    const callers = [...entry.allowed_callers.entries()].filter(
      ([, caller]) => typeof caller === 'string' && gone.has(caller) && !left.has(caller),
    );
    if (callers.length === entry.allowed_callers.length) edits.push({ op: 'remove', path });
    else for (const [position] of callers) edits.push({ op: 'remove', path: below(path, position) });
  }
  if (left.size > 0) return edits;
  if (body.container !== undefined && body.container !== null) edits.push({ op: 'remove', path: ['container'] });
  for (const { block, path } of messageBlocks(body)) {
    if (block.type === 'container_upload') edits.push({ op: 'set', path, json: REMOVED_UPLOAD });
  }
  return edits;
}
