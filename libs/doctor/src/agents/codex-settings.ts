import type { AgentRun } from './agent-run.js';
import type { AgentSettings } from './agent-settings.js';
import { fieldAt, isReason, replyOf, withoutDenial } from './reply-of-run.js';
import { groupedHooks } from './settings-fields.js';

/** Source: codex-rs/hooks: a reply with unknown fields, or a denial without a reason, is a failed hook; the call runs. */
export const codexSettings: AgentSettings = {
  files: ['/etc/codex/requirements.toml', '~/.codex/hooks.json', '~/.codex/config.toml'],
  events: ['PreToolUse'],
  shell: ['/bin/sh', '-c'],
  sample: (event) => ({
    session_id: 'iris-doctor',
    turn_id: 'iris-doctor',
    transcript_path: null,
    cwd: '/',
    hook_event_name: event,
    model: 'iris-doctor',
    permission_mode: 'default',
    tool_name: 'Bash',
    tool_input: { command: 'true' },
    tool_use_id: 'iris-doctor',
  }),
  hooksIn: (settings) => groupedHooks(settings, { unitMs: 1000, fallbackMs: 600_000 }),
  trapsIn: (settings, file) => [
    ...(fieldAt(settings, 'features', 'hooks') === false ? ['features.hooks is false'] : []),
    ...(file.endsWith('requirements.toml')
      ? []
      : ['hooks outside of requirements.toml are skipped until the user trusts them (/hooks)']),
  ],
  whyItRuns(run, event) {
    if (run.code === 2) {
      return isReason(run.stderr) ? undefined : 'exit code 2 without a reason on stderr counts as a failed hook';
    }
    return run.code === 0 && denies(run, event) ? undefined : withoutDenial(run);
  },
};

const FIELDS = {
  PreToolUse: ['hookEventName', 'permissionDecision', 'permissionDecisionReason'],
  PermissionRequest: ['hookEventName', 'decision'],
};

function denies(run: AgentRun, event: string): boolean {
  const reply = replyOf(run);
  const output = fieldAt(reply, 'hookSpecificOutput');
  const name = event === 'PermissionRequest' ? event : 'PreToolUse';
  if (reply === undefined || Object.keys(reply).some((key) => key !== 'hookSpecificOutput')) return false;
  if (!Object.keys(output ?? {}).every((key) => FIELDS[name].includes(key))) return false;
  if (fieldAt(output, 'hookEventName') !== name) return false;
  return name === 'PermissionRequest'
    ? fieldAt(output, 'decision', 'behavior') === 'deny'
    : fieldAt(output, 'permissionDecision') === 'deny' && isReason(fieldAt(output, 'permissionDecisionReason'));
}
