import { createHmac } from 'node:crypto';
import type { JSONObject } from '@modelcontextprotocol/server';

/** Questions of a tool, round by round (specification 2026-07-28). */
interface AskingTool {
  readonly rounds: readonly JSONObject[];
  readonly hasState: boolean;
}

const form = (message: string, property: string, type = 'string'): JSONObject => ({
  method: 'elicitation/create',
  params: {
    mode: 'form',
    message,
    requestedSchema: { type: 'object', properties: { [property]: { type } }, required: [property] },
  },
});
const sample = (text: string): JSONObject => ({
  method: 'sampling/createMessage',
  params: { messages: [{ role: 'user', content: { type: 'text', text } }], maxTokens: 100 },
});
const roots: JSONObject = { method: 'roots/list', params: {} };
const confirm = { confirm: form('Please confirm', 'ok', 'boolean') };

export const ASKING_TOOLS: Readonly<Record<string, AskingTool>> = {
  test_input_required_result_elicitation: {
    rounds: [{ user_name: form('What is your name?', 'name') }],
    hasState: false,
  },
  test_input_required_result_sampling: {
    rounds: [{ capital_question: sample('What is the capital of France?') }],
    hasState: false,
  },
  test_input_required_result_list_roots: { rounds: [{ client_roots: roots }], hasState: false },
  test_input_required_result_request_state: { rounds: [confirm], hasState: true },
  test_input_required_result_tampered_state: { rounds: [confirm], hasState: true },
  test_input_required_result_multiple_inputs: {
    rounds: [{ user_name: form('Your name?', 'name'), greeting: sample('Generate a greeting'), client_roots: roots }],
    hasState: true,
  },
  test_input_required_result_capabilities: {
    rounds: [{ name: form('Your name?', 'name'), greeting: sample('Generate a greeting') }],
    hasState: false,
  },
  test_input_required_result_multi_round: {
    rounds: [{ step1: form('Step 1: your name?', 'name') }, { step2: form('Step 2: your color?', 'color') }],
    hasState: true,
  },
};

const sign = (round: number) => `${round}.${createHmac('sha256', 'conformance').update(String(round)).digest('hex')}`;

/** The next question, or undefined when all are answered; `tampered` for a state that this server has not made. */
export function nextQuestion(
  { rounds, hasState }: AskingTool,
  responses: JSONObject = {},
  state: string | undefined,
  capabilities: JSONObject,
): JSONObject | 'tampered' | undefined {
  const asked = rounds.findIndex((_, round) => state === sign(round));
  if (state !== undefined && asked === -1) return 'tampered';
  const last = hasState ? asked : 0;
  const answered = last >= 0 && Object.keys(rounds[last] ?? {}).every((key) => Object.hasOwn(responses, key));
  const round = answered ? last + 1 : Math.max(0, last);
  const question = rounds[round];
  if (question === undefined) return undefined;
  const inputRequests = Object.fromEntries(
    Object.entries(question).filter(([, request]) => isSupported(request as JSONObject, capabilities)),
  );
  return { resultType: 'input_required', inputRequests, ...(hasState && { requestState: sign(round) }) };
}

function isSupported({ method }: JSONObject, capabilities: JSONObject): boolean {
  const needed = { 'elicitation/create': 'elicitation', 'sampling/createMessage': 'sampling', 'roots/list': 'roots' };
  return Object.hasOwn(capabilities, needed[method as keyof typeof needed]);
}
