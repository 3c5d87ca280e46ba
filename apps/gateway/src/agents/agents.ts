import type { HookVerdict } from '../protocol/hook-verdict.js';
import type { AgentId, AgentProtocol } from './agent-protocol.js';
import { claudeReader } from './claude/claude-reader.js';
import { claudeReply } from './claude/claude-reply.js';
import { codexReader } from './codex/codex-reader.js';
import { codexReply } from './codex/codex-reply.js';
import { copilotReader } from './copilot/copilot-reader.js';
import { copilotReply } from './copilot/copilot-reply.js';
import { cursorReader } from './cursor/cursor-reader.js';
import { cursorReply } from './cursor/cursor-reply.js';
import { geminiReader } from './gemini/gemini-reader.js';
import { geminiReply } from './gemini/gemini-reply.js';

/** All agents, each with a path of its own. */
export const AGENTS: Readonly<Record<AgentId, AgentProtocol>> = {
  claude: { id: 'claude', path: '/ext/claude', reader: claudeReader, reply: claudeReply },
  codex: { id: 'codex', path: '/ext/codex', reader: codexReader, reply: codexReply },
  copilot: { id: 'copilot', path: '/ext/copilot', reader: copilotReader, reply: copilotReply },
  cursor: { id: 'cursor', path: '/ext/cursor', reader: cursorReader, reply: cursorReply },
  gemini: { id: 'gemini', path: '/ext/gemini', reader: geminiReader, reply: geminiReply },
};

const BY_PATH: ReadonlyMap<string, AgentId> = new Map(Object.values(AGENTS).map(({ path, id }) => [path, id]));

/** The agent whose hooks arrive on a path; undefined for every path that is no agent's. */
export function agentOfPath(path: string): AgentId | undefined {
  return BY_PATH.get(path);
}

/**
 * The reply to an agent's own hook. An allow is the empty object, no decision: the agent's own prompts and deny rules
 * stay in force. A deny is a 200 as well, since agents take every other status as "continue".
 *
 * @param event as the agent spells it; undefined when the body names none or cannot be read
 */
export function agentReplyText(agent: AgentId, verdict: HookVerdict, event: string | undefined): string {
  const { reply } = AGENTS[agent];
  switch (verdict.action) {
    case 'allow':
    case 'modify':
      return '{}';
    case 'ask':
      return JSON.stringify(reply.ask(verdict.message, event));
    case 'block':
      return JSON.stringify(reply.deny(verdict.message, event));
  }
}
