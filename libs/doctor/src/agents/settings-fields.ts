import { type ConfiguredHook, SettingsError } from './agent-settings.js';

type Fields = Readonly<Record<string, unknown>>;

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A field that is a list of objects; absent is the empty list. @throws SettingsError */
export function listIn(fields: Fields, name: string): Fields[] {
  const value = fields[name];
  if (value === undefined) return [];
  if (!Array.isArray(value) || !value.every(isFields)) throw new SettingsError(`${name} is not a list of objects`);
  return value;
}

/** The `hooks` of the settings. @throws SettingsError */
export function hooksField(settings: Fields): Fields {
  const { hooks } = settings;
  if (hooks === undefined) return {};
  if (!isFields(hooks)) throw new SettingsError('hooks is not an object');
  return hooks;
}

export function textIn(fields: Fields, name: string): string | undefined {
  const value = fields[name];
  return typeof value === 'string' && value.trim() !== '' ? value : undefined;
}

/** @param unitMs of the number in the settings */
export function timeoutIn(fields: Fields, name: string, unitMs: number, fallbackMs: number): number {
  const value = fields[name];
  return typeof value === 'number' && value > 0 ? value * unitMs : fallbackMs;
}

/** Absent, empty and `*` are every tool; so are regular expressions that only say so. */
export function coversAllTools(matcher: unknown): boolean {
  return matcher === undefined || (typeof matcher === 'string' && ['', '*', '.*', '^.*$'].includes(matcher.trim()));
}

/** Hooks of the form of Claude Code, which Codex and Gemini CLI share: groups with a matcher, each with hooks. */
export function groupedHooks(
  settings: Fields,
  timeout: { readonly unitMs: number; readonly fallbackMs: number },
): ConfiguredHook[] {
  const hooks = hooksField(settings);
  return Object.keys(hooks)
    .filter((event) => Array.isArray(hooks[event]))
    .flatMap((event) =>
      listIn(hooks, event).flatMap((group) =>
        listIn(group, 'hooks').map((hook) => ({
          event,
          command: hook.type === 'command' ? textIn(hook, 'command') : undefined,
          url: hook.type === 'http' ? textIn(hook, 'url') : undefined,
          timeoutMs: timeoutIn(hook, 'timeout', timeout.unitMs, timeout.fallbackMs),
          coversAll: coversAllTools(group.matcher),
          failsClosed: hook.onFailure === 'block',
        })),
      ),
    );
}
