import type { AgentSettings } from './agent-settings.js';
import { fieldAt, replyOf, withoutDenial } from './reply-of-run.js';
import { coversAllTools, hooksField, listIn, textIn, timeoutIn } from './settings-fields.js';

/** Source: GitHub's Copilot hooks reference: every failure, timeout and exit code runs the call; only a reply denies. */
export const copilotSettings: AgentSettings = {
  files: ['~/.copilot/hooks/iris.json', '~/.copilot/settings.json'],
  events: ['preToolUse'],
  shell: ['/bin/bash', '-c'],
  sample: (event) =>
    /^[A-Z]/.test(event)
      ? { hook_event_name: event, session_id: 'iris-doctor', cwd: '/', tool_name: 'bash', tool_input: {} }
      : { sessionId: 'iris-doctor', timestamp: 0, cwd: '/', toolName: 'bash', toolArgs: { command: 'true' } },
  hooksIn(settings) {
    const hooks = hooksField(settings);
    return Object.keys(hooks).flatMap((event) =>
      listIn(hooks, event).map((hook) => ({
        // PascalCase is the same event with another body.
        event: `${event.charAt(0).toLowerCase()}${event.slice(1)}`,
        command: hook.type === 'command' ? (textIn(hook, 'bash') ?? textIn(hook, 'command')) : undefined,
        url: hook.type === 'http' ? textIn(hook, 'url') : undefined,
        timeoutMs: timeoutIn(hook, 'timeoutSec', 1000, 30_000),
        coversAll: coversAllTools(hook.matcher),
        failsClosed: false,
      })),
    );
  },
  trapsIn: (settings) => [
    ...(settings.disableAllHooks === true ? ['disableAllHooks is true'] : []),
    'the settings of a repository can set disableAllHooks, and a user can change this file',
  ],
  whyItRuns(run, event) {
    const reply = replyOf(run);
    const denies =
      event === 'permissionRequest'
        ? fieldAt(reply, 'behavior') === 'deny'
        : fieldAt(reply, 'permissionDecision') === 'deny';
    return run.code === 0 && denies ? undefined : withoutDenial(run);
  },
};
