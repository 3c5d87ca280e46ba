import { hash } from 'node:crypto';
import type { Json } from '@iris/contracts';
import type { JsonPath } from '@iris/json-document';
import type { DeclaredTool, ExecutedCall, FormatId } from '../formats/llm-format.js';

/** Nodes of one kind that the format does not list. */
export interface UnrecognisedKind {
  readonly type: string;
  readonly paths: JsonPath[];
  readonly nodes: Json[];
}

const MAX_TYPE_LENGTH = 64;

/**
 * The name under which policy judges a kind that a format does not list: `unrecognised:<format>:<type>`. A type that
 * is too long or holds other characters than those of identifiers is cut and gets a digest, so that two types never
 * share a name.
 */
export function unrecognisedName(format: FormatId, type: string): string {
  const plain = type.replace(/[^A-Za-z0-9_.-]/g, '_').slice(0, MAX_TYPE_LENGTH);
  const shown = plain === type ? type : `${plain}~${digest(type).slice(0, 8)}`;
  return `unrecognised:${format}:${shown}`;
}

/** A declared tool of a kind that the format does not list. */
export function unrecognisedTool(format: FormatId, type: string): DeclaredTool {
  const name = unrecognisedName(format, type);
  return { name, kind: 'tool', key: name };
}

/**
 * All nodes of one unrecognised kind as one call. Their content is not shown to policy: it may be a result. The id
 * changes with the content, so a remembered verdict covers nothing else.
 */
export function unrecognisedCall(format: FormatId, { type, paths, nodes }: UnrecognisedKind): ExecutedCall {
  const name = unrecognisedName(format, type);
  return {
    id: `${name}~${digest(JSON.stringify(nodes)).slice(0, 24)}`,
    name,
    phase: 'executed',
    paramsStatus: 'not_object',
    rawArguments: undefined,
    results: paths,
    inNewestTurn: true,
    caller: 'direct',
    serverSide: false,
    callVisible: true,
    unrecognised: true,
  };
}

function digest(text: string): string {
  return hash('sha256', text);
}
