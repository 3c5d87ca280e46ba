import { APIError as AnthropicError } from '@anthropic-ai/sdk';
import { AccessDeniedException } from '@aws-sdk/client-bedrock-runtime';
import { ApiError as GeminiError } from '@google/genai';
import { APIError as OpenAiError } from 'openai';
import { type AgentRun, type AgentTask, type Conversation, runAgent } from './agent-loop.js';
import { anthropicConversation } from './anthropic-agent.js';
import { converseConversation, invokeModelConversation } from './bedrock-agent.js';
import { geminiConversation } from './gemini-agent.js';
import { openAiChatConversation, openAiResponsesConversation } from './openai-agent.js';

/** A way in which a real client SDK speaks to a model. */
export type AgentId =
  | 'anthropic'
  | 'openai_chat'
  | 'openai_responses'
  | 'openai_responses_stateful'
  | 'gemini'
  | 'bedrock_converse'
  | 'bedrock_invoke';

interface Agent {
  converse(task: AgentTask): Conversation;
  /** What the SDK throws when the request is refused. */
  refusal: abstract new (
    ...args: never[]
  ) => Error;
}

const AGENTS: Record<AgentId, Agent> = {
  anthropic: { converse: anthropicConversation, refusal: AnthropicError },
  openai_chat: { converse: openAiChatConversation, refusal: OpenAiError },
  openai_responses: { converse: (task) => openAiResponsesConversation(task, false), refusal: OpenAiError },
  openai_responses_stateful: { converse: (task) => openAiResponsesConversation(task, true), refusal: OpenAiError },
  gemini: { converse: geminiConversation, refusal: GeminiError },
  bedrock_converse: { converse: converseConversation, refusal: AccessDeniedException },
  bedrock_invoke: { converse: invokeModelConversation, refusal: AccessDeniedException },
};

export const AGENT_IDS = Object.keys(AGENTS) as AgentId[];

/** The error class that this agent's SDK throws when Aperture blocks. */
export const refusalOf = (id: AgentId): Agent['refusal'] => AGENTS[id].refusal;

/** Runs a task with a real client SDK. Throws that SDK's own errors. */
export function agentLoop(id: AgentId, task: AgentTask): Promise<AgentRun> {
  return runAgent(task, AGENTS[id].converse(task));
}
