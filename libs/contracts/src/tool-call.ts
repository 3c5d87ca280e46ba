import type { JsonObject } from './json.js';

/**
 * `declared`: offered to the model; `executed`: its result is in the history; `requested`: the model asked for it and
 * it may or may not have run.
 */
export type Phase = 'declared' | 'executed' | 'requested';

/** Whether the parameters could be read: a text that is no JSON is `unparsed`, JSON that is no object `not_object`. */
export type ParamsStatus = 'ok' | 'empty' | 'unparsed' | 'not_object';

/** Parameters as policy sees them; `params` is set only for `ok` and `empty`. */
export interface ToolParams {
  readonly paramsStatus: ParamsStatus;
  readonly params?: JsonObject;
}

/**
 * What is ambiguous about how a call was transmitted.
 *
 * - `call_missing`: only the result is in the request; the call is held by the provider, or was left out
 * - `several_results`: the id of the call has more than one result
 * - `shared_id`: calls with one id are answered together
 * - `name_mismatch`: the result states another tool than the call
 * - `conflicting_fields`: one field of the call or its result is there in two spellings
 */
export type CallAnomaly = 'call_missing' | 'several_results' | 'shared_id' | 'name_mismatch' | 'conflicting_fields';

/** One tool call to be judged. */
export interface ToolCall extends ToolParams {
  /** The provider's call id, or one made from the position. Unique within a hook. */
  readonly id: string;
  /** The name exactly as the model called it; `unknown` when only the id is known. */
  readonly name: string;
  /** MCP server or namespace, when the format names it apart from the name. */
  readonly server?: string;
  readonly phase: Phase;
  /**
   * SHA-256 of the results of an executed call as the provider body holds them (base64url): a verdict that was given on
   * one result is none on another.
   */
  readonly resultDigest?: string;
  /** Whether a result of an executed call is new in this request, so that no earlier request can have carried it. */
  readonly inNewestTurn?: boolean;
  /** False for a result whose call is not in the request: only its id is known. */
  readonly callVisible?: boolean;
  /** How many results an executed call has. More than one is the anomaly `several_results`. */
  readonly resultCount?: number;
  /** Digest of name, server and parameters, where the reader of the hook has computed it. */
  readonly contentDigest?: string;
  /** The name is a method of MCP, as a use of the server itself, and no tool's. */
  readonly protocolMethod?: true;
  /** The parameters exceed what one call may have: they are left out, and the call is denied by itself. */
  readonly oversized?: 'call_too_large' | 'call_too_complex';
  /** Absent when there are none. */
  readonly anomalies?: readonly CallAnomaly[];
  /** Nodes of a kind that the format of the body does not list. They cannot be redacted: a denial blocks the request. */
  readonly unrecognised?: boolean;
}

/** What the tool catalog knows of a call. Absent means not recognised. */
export interface ToolClassification {
  /** `uncategorised` when no entry of the catalog matches; `unrecognised` for a kind that a format does not list. */
  readonly category: string;
  readonly system?: string;
  readonly operation?: 'read' | 'write' | 'delete' | 'export' | 'execute';
  readonly environment?: string;
  readonly target?: { readonly kind: string; readonly id: string };
}
