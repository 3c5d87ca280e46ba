import type { AgentSettings } from './agent-settings.js';
import { fieldAt, isReason, replyOf, withoutDenial } from './reply-of-run.js';
import { groupedHooks } from './settings-fields.js';

/** Source: docs/hooks/reference.md and hookRunner of @google/gemini-cli: a timeout and exit code 1 run the call. */
export const geminiSettings: AgentSettings = {
  files: ['/etc/gemini-cli/settings.json', '~/.gemini/settings.json'],
  events: ['BeforeTool'],
  shell: ['/bin/bash', '-c'],
  sample: (event) => ({
    session_id: 'iris-doctor',
    cwd: '/',
    hook_event_name: event,
    timestamp: new Date().toISOString(),
    tool_name: 'run_shell_command',
    tool_input: { command: 'true' },
  }),
  hooksIn: (settings) => groupedHooks(settings, { unitMs: 1, fallbackMs: 60_000 }),
  trapsIn: (settings, file) => [
    ...(fieldAt(settings, 'hooksConfig', 'enabled') === false ? ['hooksConfig.enabled is false'] : []),
    ...(file.startsWith('/etc/')
      ? ['a folder above this file that a group or others may write makes Gemini CLI skip the file']
      : ['a user can change this file; the system settings are read last']),
    'a hook whose name or command is in hooksConfig.disabled of a user does not run',
  ],
  whyItRuns(run) {
    const reply = replyOf(run);
    const decision = fieldAt(reply, 'decision');
    if (decision === 'deny' || decision === 'block') return undefined;
    const isText = reply === undefined && isReason(run.stdout.trim() || run.stderr);
    return isText && run.code !== null && run.code > 1 ? undefined : withoutDenial(run);
  },
};
