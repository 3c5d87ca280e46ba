import type { AgentSettings } from './agent-settings.js';
import { fieldAt, replyOf, withoutDenial } from './reply-of-run.js';
import { groupedHooks } from './settings-fields.js';

/** Source: Claude Code's hooks reference: exit code 2 blocks, any other failure continues. */
export const claudeSettings: AgentSettings = {
  files: ['/etc/claude-code/managed-settings.json', '~/.claude/settings.json'],
  events: ['PreToolUse'],
  shell: ['/bin/sh', '-c'],
  sample: (event) => ({
    session_id: 'iris-doctor',
    hook_event_name: event,
    permission_mode: 'default',
    tool_name: 'Bash',
    tool_input: { command: 'true' },
    tool_use_id: 'iris-doctor',
  }),
  hooksIn: (settings) => groupedHooks(settings, { unitMs: 1000, fallbackMs: 60_000 }),
  trapsIn: (settings, file) => [
    ...(settings.disableAllHooks === true ? ['disableAllHooks is true'] : []),
    ...(file.startsWith('/etc/') ? [] : ['a user can change this file; the managed settings cannot be changed']),
  ],
  whyItRuns(run, _event, { failsClosed }) {
    const denied =
      (run.code === 0 && fieldAt(replyOf(run), 'hookSpecificOutput', 'permissionDecision') === 'deny') ||
      run.code === 2;
    return denied || failsClosed ? undefined : withoutDenial(run);
  },
};
