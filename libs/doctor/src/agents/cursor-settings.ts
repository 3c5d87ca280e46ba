import type { AgentSettings } from './agent-settings.js';
import { fieldAt, replyOf, withoutDenial } from './reply-of-run.js';
import { coversAllTools, hooksField, listIn, textIn, timeoutIn } from './settings-fields.js';

const EVENTS = ['preToolUse', 'beforeShellExecution', 'beforeMCPExecution', 'beforeReadFile'];

const CALLS: Readonly<Record<string, object>> = {
  beforeShellExecution: { command: 'true', cwd: '/' },
  beforeMCPExecution: { tool_name: 'iris_doctor', tool_input: '{}', url: 'http://127.0.0.1' },
  beforeReadFile: { file_path: '/iris-doctor', content: '' },
  beforeTabFileRead: { file_path: '/iris-doctor', content: '' },
};

/** Source: Cursor's hooks reference: exit code 2 denies; every other failure runs the call without `failClosed`. */
export const cursorSettings: AgentSettings = {
  files: ['/etc/cursor/hooks.json', '~/.cursor/hooks.json'],
  events: EVENTS,
  shell: ['/bin/sh', '-c'],
  sample: (event) => ({
    conversation_id: 'iris-doctor',
    hook_event_name: event,
    ...(CALLS[event] ?? { tool_name: 'Shell', tool_input: { command: 'true' } }),
  }),
  hooksIn(settings) {
    const hooks = hooksField(settings);
    return Object.keys(hooks).flatMap((event) =>
      listIn(hooks, event).map((hook) => ({
        event,
        command: textIn(hook, 'command'),
        timeoutMs: timeoutIn(hook, 'timeout', 1000, 60_000),
        coversAll: coversAllTools(hook.matcher),
        failsClosed: hook.failClosed === true,
      })),
    );
  },
  trapsIn: (_settings, file) =>
    file.startsWith('/etc/') ? [] : ['a user can change this file; hooks of /etc/cursor cannot be changed'],
  whyItRuns(run, _event, { failsClosed }) {
    const denied = run.code === 2 || (run.code === 0 && fieldAt(replyOf(run), 'permission') === 'deny');
    const failed = run.code !== 0 || replyOf(run) === undefined;
    return denied || (failsClosed && failed) ? undefined : withoutDenial(run);
  },
};
