import type { AgentEvents } from './agent-events.js';

/** The agents whose own hooks Iris answers. */
export const AGENT_IDS = ['claude', 'codex', 'copilot', 'cursor', 'gemini'] as const;

export type AgentId = (typeof AGENT_IDS)[number];

/** What a hook states about how a question of a rule would be shown. */
export interface AskingFacts {
  /** Event exactly as the agent spells it. */
  readonly event: unknown;
  /** Permission mode as the agent states it; undefined for versions that state none. */
  readonly mode: unknown;
  readonly userAgent: string | undefined;
}

/** How the hooks of one agent are read. */
export interface AgentReader {
  readonly events: AgentEvents;
  /** Whether a person sees the question of a rule. */
  canAsk(facts: AskingFacts): boolean;
  /** The name of a tool as the tool catalog lists it. */
  toolName(name: string): string;
}

/** The replies of one agent, as objects that become JSON. */
export interface AgentReply {
  /** @param event as the agent spells it; undefined when the body names none or cannot be read */
  deny(reason: string, event: string | undefined): object;
  /** The agent puts the question to its user. Only for a hook whose reader can ask. */
  ask(question: string, event: string | undefined): object;
}

/** One agent: its path, and what is its own in reading and answering its hooks. */
export interface AgentProtocol {
  readonly id: AgentId;
  readonly path: string;
  readonly reader: AgentReader;
  readonly reply: AgentReply;
}

/** For agents that show no question: what a rule wants confirmed is denied. */
export const NEVER_ASKS = () => false;

/** For agents whose names the catalog lists as they are. */
export const NAME_AS_IT_IS = (name: string) => name;
