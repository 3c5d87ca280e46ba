import type { CheckContext } from '../llm-format.js';
import { checkOpenAiName, emptyArray, openAiRefusal } from '../openai-shape-refusal.js';
import { badRequest } from '../provider-error.js';
import { parseShape } from '../shape-issue.js';
import { type ResponsesBody, type ResponsesTool, responsesShape } from './openai-responses-shape.js';
import type { ResponseItem, ResponseStore } from './response-store.js';

/** What api.openai.com/v1/responses refuses with 400, in the words quoted in public error reports. */

function declaredNames(tool: ResponsesTool): string[] {
  if (tool.type === 'function' || tool.type === 'custom') return [String(tool.name)];
  if (tool.type === 'namespace')
    return (tool.tools as { name: string }[]).map(({ name }) => `${String(tool.name)}.${name}`);
  if (tool.type === 'mcp') return [String(tool.server_label)];
  return [tool.type];
}

function checkTools(tools: readonly ResponsesTool[], param: string): void {
  for (const [at, tool] of tools.entries()) {
    if (tool.type === 'function' || tool.type === 'custom') checkOpenAiName(String(tool.name), `${param}[${at}].name`);
    if (tool.type === 'namespace') {
      const children = tool.tools as ResponsesTool[];
      checkOpenAiName(String(tool.name), `${param}[${at}].name`);
      if (children.length === 0) throw emptyArray(`${param}[${at}].tools`);
      checkTools(children, `${param}[${at}].tools`);
    }
  }
}

function toolNotFound(name: string): Error {
  return badRequest(`Tool choice '${name}' not found in 'tools' parameter.`, { param: 'tool_choice' });
}

type Selector = { type: string; name?: unknown; server_label?: unknown };

function checkSelector(selector: Selector, tools: readonly ResponsesTool[]): void {
  const { type } = selector;
  const label =
    type === 'function' || type === 'custom' ? selector.name : type === 'mcp' ? selector.server_label : type;
  const flat = tools.flatMap((tool) =>
    tool.type === 'namespace' ? [tool, ...(tool.tools as ResponsesTool[])] : [tool],
  );
  const found = flat.some((tool) => {
    if (tool.type !== type) return false;
    if (type === 'mcp') return tool.server_label === label;
    return label === type || tool.name === label;
  });
  if (!found) throw toolNotFound(String(label));
}

function checkChoice(body: ResponsesBody, tools: readonly ResponsesTool[]): void {
  const choice = body.tool_choice;
  if (choice === 'required' && tools.length === 0) {
    throw badRequest("Tool choice 'required' must be specified with 'tools' parameter.", { param: 'tool_choice' });
  }
  if (typeof choice !== 'object') return;
  if (choice.type !== 'allowed_tools') {
    checkSelector(choice, tools);
    return;
  }
  const allowed = Array.isArray(choice.tools) ? (choice.tools as Selector[]) : [];
  if (allowed.length === 0) throw emptyArray('tool_choice.tools');
  for (const entry of allowed) checkSelector(entry, tools);
}

/** The whole conversation that the model sees: stored items, then this request's, references resolved. */
export function wholeInput(body: ResponsesBody, responses: ResponseStore | undefined): ResponseItem[] {
  const { previous_response_id: previous, conversation } = body;
  const conversationId = typeof conversation === 'object' ? conversation?.id : conversation;
  if (previous && conversationId) {
    throw badRequest(
      "Mutually exclusive parameters: 'previous_response_id' and 'conversation'. Provide only one of them.",
      {
        code: 'mutually_exclusive_parameters',
      },
    );
  }
  const stored = previous
    ? responses?.history(previous)
    : conversationId
      ? responses?.conversation(conversationId)
      : [];
  const input: ResponseItem[] =
    typeof body.input === 'string' ? [{ type: 'message', role: 'user', content: body.input }] : (body.input ?? []);
  const resolved = input.map((item) =>
    item.type === 'item_reference' && responses ? responses.item(String(item.id)) : item,
  );
  return [...(stored ?? []), ...resolved];
}

const PAIRS: Record<string, { output: string; words: string }> = {
  function_call: { output: 'function_call_output', words: 'function call' },
  custom_tool_call: { output: 'custom_tool_call_output', words: 'custom tool call' },
  local_shell_call: { output: 'local_shell_call_output', words: 'local shell call' },
  shell_call: { output: 'shell_call_output', words: 'shell call' },
  apply_patch_call: { output: 'apply_patch_call_output', words: 'apply patch call' },
  computer_call: { output: 'computer_call_output', words: 'computer call' },
};

function checkPairs(items: readonly ResponseItem[]): void {
  const open = new Map<string, string>();
  const asked = new Set<string>();
  for (const item of items) {
    const pair = PAIRS[item.type ?? ''];
    if (pair) {
      const key = `${pair.output} ${String(item.call_id)}`;
      if (asked.has(key)) throw badRequest(`Duplicate item found with id ${String(item.call_id)}.`, { param: 'input' });
      asked.add(key);
      open.set(key, `No tool output found for ${pair.words} ${String(item.call_id)}.`);
      continue;
    }
    const answered = Object.values(PAIRS).find(({ output }) => output === item.type);
    if (!answered) continue;
    const id = String(item.type === 'local_shell_call_output' ? item.id : item.call_id);
    const key = `${answered.output} ${id}`;
    if (!asked.has(key)) {
      throw badRequest(`No tool call found for ${answered.words} output with call_id ${id}.`, { param: 'input' });
    }
    open.delete(key);
  }
  for (const message of open.values()) throw badRequest(message, { param: 'input' });
}

/** Reasoning must be followed by what it led to, and that must be preceded by it, as it was issued. */
function checkReasoning(items: readonly ResponseItem[], responses: ResponseStore | undefined): void {
  for (const [at, item] of items.entries()) {
    const { type, id } = item;
    if (type === 'reasoning') {
      const next = items[at + 1];
      const follows =
        next && (next.type === 'reasoning' || next.role === 'assistant' || /_call$/.test(next.type ?? ''));
      if (!follows) {
        throw badRequest(`Item '${id}' of type 'reasoning' was provided without its required following item.`, {
          param: 'input',
        });
      }
    }
    const reasoning = id === undefined ? undefined : responses?.reasoningFor(id);
    if (reasoning !== undefined && !items.slice(0, at).some((earlier) => earlier.id === reasoning)) {
      throw badRequest(
        `Item '${id}' of type '${type}' was provided without its required 'reasoning' item: '${reasoning}'.`,
        {
          param: 'input',
        },
      );
    }
  }
}

export function checkOpenAiResponses(input: unknown, context: Pick<CheckContext, 'responses'>): string[] {
  const body = parseShape(responsesShape, input, openAiRefusal);
  if (body.model === undefined && !body.prompt) {
    throw badRequest("Missing required parameter: 'model'.", { code: 'missing_required_parameter', param: 'model' });
  }
  if (Array.isArray(body.input) && body.input.length === 0) throw emptyArray('input');
  const items = wholeInput(body, context.responses);
  if (items.length === 0 && !body.prompt) {
    throw badRequest("One of 'input' or 'previous_response_id' or 'prompt' or 'conversation' must be provided.", {
      code: 'missing_required_parameter',
    });
  }
  const late = items.flatMap((item) =>
    item.type === 'additional_tools' || item.type === 'tool_search_output' ? (item.tools as ResponsesTool[]) : [],
  );
  if (body.tools?.length === 0) throw emptyArray('tools');
  checkTools(body.tools ?? [], 'tools');
  checkTools(late, 'input.tools');
  const tools = [...(body.tools ?? []), ...late];
  checkChoice(body, tools);
  // Without the stored history, a stateful turn's results have no visible call.
  const isWhole = context.responses !== undefined || (!body.previous_response_id && !body.conversation);
  if (isWhole && !items.some((item) => item.type === 'item_reference')) checkPairs(items);
  checkReasoning(items, context.responses);
  return tools.flatMap(declaredNames);
}
