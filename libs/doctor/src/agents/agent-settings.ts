import type { AgentRun } from './agent-run.js';

/** One hook as the settings of an agent name it. */
export interface ConfiguredHook {
  readonly event: string;
  /** Shell command; absent for an HTTP hook. */
  readonly command?: string;
  readonly url?: string;
  /** For how long the agent waits, in ms. */
  readonly timeoutMs: number;
  /** Whether it runs for every tool. */
  readonly coversAll: boolean;
  /** Whether the agent itself stops the call when the hook fails. */
  readonly failsClosed: boolean;
}

/** How the settings of one agent are read, and what it makes of a hook that ran. */
export interface AgentSettings {
  /** Where the agent looks, in the order in which they are checked here; `~` is the home of the user. */
  readonly files: readonly string[];
  /** Events, each of which a call passes before it runs: every one needs a hook. */
  readonly events: readonly string[];
  /** The shell that runs the command. */
  readonly shell: readonly [string, ...string[]];
  /** A hook of this event, as the agent sends it. */
  sample(event: string): object;
  /** @throws SettingsError with what is wrong */
  hooksIn(settings: Readonly<Record<string, unknown>>): ConfiguredHook[];
  /** What switches the hooks off, or keeps them from running. */
  trapsIn(settings: Readonly<Record<string, unknown>>, file: string): string[];
  /** Why the agent runs the call after the hook; undefined when it does not. */
  whyItRuns(run: AgentRun, event: string, hook: ConfiguredHook): string | undefined;
}

/** Settings that are not of the form that the agent documents. */
export class SettingsError extends Error {}
