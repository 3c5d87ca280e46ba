/** A function tool, declared to the model in the form of its provider. */
export interface AgentTool {
  name: string;
  description: string;
  /** JSON Schema of an object. */
  parameters: Record<string, unknown>;
}

/** A call that the model made, as the SDK handed it over. */
export interface AgentCall {
  id?: string;
  name: string;
  args: unknown;
}

export interface AgentTask {
  /** Where the SDK sends its requests: Aperture, or the LLM itself. Without a trailing slash. */
  baseUrl: string;
  prompt: string;
  tools: readonly AgentTool[];
  /** Runs a tool; what it returns is sent to the model as the result. */
  execute(call: AgentCall): string | Promise<string>;
  /** Requests at most. */
  maxTurns: number;
  stream: boolean;
  model?: string;
  headers?: Record<string, string>;
  /** Members added to every request, in the SDK's own terms (`tool_choice`, `toolConfig`, …). */
  extra?: Record<string, unknown>;
}

export interface AgentRun {
  /** Requests answered. */
  turns: number;
  calls: AgentCall[];
  /** Results of `calls`, in their order. */
  results: string[];
  /** Text of each turn; empty where the model only called. */
  texts: string[];
  /** Whether the model ended the loop by calling nothing more. */
  finished: boolean;
}

/** One SDK's side of the loop: it keeps the history in that SDK's own types. */
export interface Conversation {
  /** Sends the history and appends the reply. Throws the SDK's own error. */
  next(): Promise<{ text: string; calls: AgentCall[] }>;
  /** Appends the results of the last reply's calls, in their order. */
  answer(calls: readonly AgentCall[], results: readonly string[]): void;
}

/** Declares, calls, executes, answers, until the model calls nothing more or the turns are used up. */
export async function runAgent(task: AgentTask, conversation: Conversation): Promise<AgentRun> {
  const run: AgentRun = { turns: 0, calls: [], results: [], texts: [], finished: false };
  while (run.turns < task.maxTurns && !run.finished) {
    const { text, calls } = await conversation.next();
    run.turns += 1;
    run.texts.push(text);
    run.finished = calls.length === 0;
    const results: string[] = [];
    for (const call of calls) results.push(await task.execute(call));
    run.calls.push(...calls);
    run.results.push(...results);
    if (calls.length > 0) conversation.answer(calls, results);
  }
  return run;
}
