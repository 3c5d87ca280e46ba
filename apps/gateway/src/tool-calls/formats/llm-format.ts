import type { FormatId, Json, JsonObject, ToolCall } from '@iris/contracts';
import type { Edit, JsonPath } from '@iris/json-document';
import type { FormatKinds } from '../closed-world/kinds.js';
import type { FoundCall } from '../found-call.js';

export type { FormatId };

/** A tool, or an opaque group of tools, that a request offers to the model. */
export interface DeclaredTool {
  /**
   * The name exactly as declared. An entry without a name has that of its kind: the type of a hosted tool
   * (`web_search`), the label of an MCP server, the name of a toolset.
   */
  readonly name: string;
  /** MCP server, namespace or toolset, when the format names it apart from the name. */
  readonly server?: string;
  /** `group`: the single tools are not all visible in the request. */
  readonly kind: 'tool' | 'group';
  /** What the group is, for people. Only for `group`. */
  readonly group?: string;
  /** Identity for `strip`. All declarations of the same tool in one request have the same key. */
  readonly key: string;
}

/**
 * A call in the history of a request whose result is there too.
 *
 * `id` is the provider's call id, or, where the call has none or an earlier call has the same one, an id made from
 * the name, the arguments and the count of equal calls before it, so that it stays the same on later turns.
 * A result whose call is not in the request is reported with the name `unknown` and `paramsStatus: 'not_object'`,
 * whatever name the result itself states.
 */
export interface ExecutedCall extends ToolCall {
  readonly phase: 'executed';
  /** The arguments as the wire has them: an object, a text, or undefined when absent. */
  readonly rawArguments: Json | undefined;
  /**
   * Where the results are in the provider body; more than one only when an id is used twice. Calls that are answered
   * together hold the same list, so work on results is done once for each list, not for each call.
   */
  readonly results: readonly JsonPath[];
  /** Whether a result is new in this request, so that no earlier request can have carried it. */
  readonly inNewestTurn: boolean;
  /** `programmatic`: called by code that the model wrote. */
  readonly caller: 'direct' | 'programmatic';
  /** Run by the provider, not by the client. */
  readonly serverSide: boolean;
  /** False for a result whose call is not in the request. */
  readonly callVisible: boolean;
}

/** A denied call and the notice that takes the place of its result. */
export interface Redaction {
  readonly call: ExecutedCall;
  readonly notice: string;
}

/** Edits of the provider body, or the first thing that the format cannot express. */
export type EditPlan =
  | { readonly status: 'planned'; readonly edits: readonly Edit[] }
  | { readonly status: 'not_representable'; readonly callId?: string; readonly toolKey?: string };

/** A call in a response, as the model asked for it. */
export interface RequestedCall extends ToolCall {
  readonly phase: 'requested';
  readonly serverSide: boolean;
}

/** A call as a response carries it. */
export interface ResponseCall {
  readonly id: string | undefined;
  readonly found: FoundCall;
}

/** One provider format. The list of formats is `formats/index.ts`. */
export interface LlmFormat {
  readonly id: FormatId;
  /** What each container may hold. All else is judged under a name of its own or makes the body unreadable. */
  readonly kinds?: FormatKinds;
  /** Whether the path of a request is one of this format. The path has no query, no fragment and no final slash. */
  matchesPath(path: string): boolean;
  /** Whether a body that came on a path of this format has its shape. */
  accepts(body: JsonObject, path: string): boolean;
  /** Whether a body that came on an unknown path can only be of this format. */
  matchesBody(body: JsonObject): boolean;
  /** All declarations, each key once, in the order of the body. */
  declaredTools(body: JsonObject): DeclaredTool[];
  executedCalls(body: JsonObject): ExecutedCall[];
  /** Calls in the history that have no result and that the provider runs with this very request. */
  pendingCalls?(body: JsonObject): RequestedCall[];
  /** Edits that remove the tools with these keys from every declaration and every selector. */
  strip(body: JsonObject, keys: ReadonlySet<string>, source: RawText): EditPlan;
  /** Edits that put notices in the place of results. */
  redact(redactions: readonly Redaction[], body: JsonObject): EditPlan;
  /** Whether a message of a response has the form of this format: a whole response, or one event of a stream. */
  isResponse(message: JsonObject): boolean;
  /** The calls of a response from its messages, all of which have the form of this format. */
  responseCalls(messages: readonly JsonObject[]): ResponseCall[];
}

/** The text of a value in the body exactly as written, for parts that move. */
export type RawText = (path: JsonPath) => string | undefined;
