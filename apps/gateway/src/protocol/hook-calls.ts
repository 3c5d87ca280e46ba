import type { ReasonId, ToolCall } from '@iris/contracts';
import type { PlannableTool } from '@iris/decision';
import type { MetricLabels } from '@iris/telemetry';

/** What is to be done to a body. */
export interface BodyDecisions {
  /** Keys of declared tools that are to be removed. */
  readonly strip: ReadonlySet<string>;
  /** By the id of an executed call: the notice that takes the place of its result. */
  readonly redact: ReadonlyMap<string, string>;
}

export type RewrittenBody =
  /** The body is right as it is: answer `allow`, not `modify`. */
  | { readonly status: 'unchanged' }
  /** `text` is the JSON text of the whole new body; one from a worker thread is in UTF-8. */
  | { readonly status: 'rewritten'; readonly text: string | Buffer }
  /** The denial of this call, or the removal of this tool, cannot be expressed: block the request. */
  | { readonly status: 'not_representable'; readonly callId?: string; readonly toolKey?: string };

/** The port by which a verdict edits a provider body. */
export interface RewritableBody {
  readonly format: MetricLabels<'iris.decision.stripped_tools'>['format'];
  rewrite(decisions: BodyDecisions): RewrittenBody | Promise<RewrittenBody>;
}

/** Fields of a hook that carry the calls of a response. */
export type ResponseSource = 'tool_calls' | 'response_body' | 'raw_responses';

/** Sources of a response that name different calls, with the names of each. */
export type CallsMismatch = Readonly<Partial<Record<ResponseSource, readonly string[]>>>;

/** The tool calls of a hook that could be read. */
export interface ReadCalls {
  readonly status: 'read';
  /** The provider body; absent after the response and for an agent's own hook. */
  readonly body?: RewritableBody;
  readonly declared: readonly PlannableTool[];
  /** Ids are unique. */
  readonly calls: readonly ToolCall[];
  readonly mismatch?: CallsMismatch;
  /** Top-level fields of the body that no reader lists. */
  readonly unknownFields?: readonly string[];
}

/** What a hook offers to be judged. */
export type HookCalls =
  | ReadCalls
  | { readonly status: 'nothing_to_evaluate' }
  | { readonly status: 'unreadable'; readonly reason: ReasonId; readonly detail?: string };
