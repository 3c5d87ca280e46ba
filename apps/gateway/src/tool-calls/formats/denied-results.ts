import type { Edit, JsonPath } from '@iris/json-document';
import { below } from '../json-access.js';
import type { EditPlan, Redaction } from './llm-format.js';

/** Takes the place of an attachment that may be what a denied tool returned. */
export const ATTACHMENT_REMOVED = 'An attachment that came with a denied result was removed.';

/** How a format denies results. */
export interface Denials {
  /** Edits of what came in the same turns as these results. */
  readonly attachments: (denied: readonly JsonPath[]) => readonly Edit[];
  /** Edits that put the notice in the place of one result; undefined where the format has none for it. */
  readonly deny: (path: JsonPath, notice: string) => readonly Edit[] | undefined;
  /** Whether what the provider ran can be changed; by default it must go back as it came. */
  readonly mayChangeServerSide?: boolean;
}

/** The edits for all denied results, or the first call whose denial the format cannot express. */
export function planDenials(redactions: readonly Redaction[], denials: Denials): EditPlan {
  const { attachments, deny, mayChangeServerSide = false } = denials;
  const edits = [...attachments(redactions.flatMap(({ call }) => call.results))];
  for (const { call, notice } of redactions) {
    if (call.serverSide && !mayChangeServerSide) return { status: 'not_representable', callId: call.id };
    for (const path of call.results) {
      const denial = deny(path, notice);
      if (denial === undefined) return { status: 'not_representable', callId: call.id };
      edits.push(...denial);
    }
  }
  return { status: 'planned', edits };
}

/** Replaces a field of the node at a path. */
export function setField(path: JsonPath, key: string, value: unknown): Edit {
  return { op: 'set', path: below(path, key), json: JSON.stringify(value) };
}
