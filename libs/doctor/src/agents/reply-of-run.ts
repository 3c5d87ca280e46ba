import type { AgentRun } from './agent-run.js';
import { isFields } from './settings-fields.js';

/** The reply on stdout; undefined when it is no JSON object. */
export function replyOf({ stdout }: AgentRun): Readonly<Record<string, unknown>> | undefined {
  try {
    const reply: unknown = JSON.parse(stdout);
    return isFields(reply) ? reply : undefined;
  } catch {
    return undefined;
  }
}

/** A field at a path of names; undefined when it is not there. */
export function fieldAt(reply: unknown, ...names: readonly string[]): unknown {
  return names.reduce<unknown>((value, name) => (isFields(value) ? value[name] : undefined), reply);
}

export function isReason(value: unknown): boolean {
  return typeof value === 'string' && value.trim() !== '';
}

/** What every agent states of a hook that gave no denial. */
export function withoutDenial({ code, stdout }: AgentRun): string {
  const printed = stdout.trim() === '' ? 'nothing' : 'no denial that the agent reads';
  return `the hook exits with ${code} and prints ${printed}`;
}
