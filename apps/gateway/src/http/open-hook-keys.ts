import { readFileSync } from 'node:fs';
import { ConfigError, type NamedKey, watchFile } from '@iris/config';
import { count, type Logger, setGauge } from '@iris/telemetry';
import { parseHookKeyFile } from './hook-key-file.js';
import { type HookKey, HookKeys } from './hook-keys.js';

export interface HookKeySettings {
  /** `hook.keys`. */
  readonly keys: readonly NamedKey[];
  /** `agents.logins`: login names by the name of a key of `hook.keys`. */
  readonly logins: Readonly<Record<string, string>>;
  /** `hook.keysFile`. */
  readonly file: string | undefined;
}

export interface OpenHookKeys {
  readonly keys: HookKeys;
  /** Reads the file now. */
  reload(): Promise<void>;
  close(): void;
}

/**
 * The hook keys of the settings and of the keys file, which is reloaded on change. A new file that cannot be
 * used leaves the keys as they are.
 *
 * @throws ConfigError when there is no key, or the file cannot be used at the start
 */
export function openHookKeys(settings: HookKeySettings, logger: Logger): OpenHookKeys {
  const { file } = settings;
  const fixed = settings.keys.map((named) => fromSettings(named, settings.logins));
  const all = (text: string | undefined) => {
    const keys = file === undefined || text === undefined ? fixed : [...fixed, ...parseHookKeyFile(file, text)];
    refuseAmbiguous(keys);
    return keys;
  };
  const text = file === undefined ? undefined : readText(file);
  const initial = all(text);
  if (initial.length === 0) {
    throw new ConfigError('configuration: no hook key: set hook.keys (IRIS_HOOK_KEYS) or hook.keysFile');
  }
  const keys = new HookKeys(initial);
  setGauge('iris.hook.keys', initial.length, {});
  if (file === undefined || text === undefined) return { keys, reload: async () => undefined, close: () => undefined };

  const refuse = (problem: string) => {
    count('iris.hook.key_reloads', { outcome: 'refused' });
    logger.error({ problem }, 'the hook keys stay as they are: the new keys file cannot be used');
  };
  const watched = watchFile(
    file,
    text,
    (changed) => {
      try {
        const next = all(changed);
        if (next.length === 0) throw new ConfigError(`configuration: hook.keysFile ${file}: has no key`);
        keys.replace(next);
        setGauge('iris.hook.keys', next.length, {});
        count('iris.hook.key_reloads', { outcome: 'applied' });
        logger.info({ keys: next.map(({ name }) => name) }, 'hook keys replaced');
      } catch (error) {
        refuse(error instanceof ConfigError ? error.message : 'unexpected error');
      }
    },
    (error) => refuse(`cannot be read (${(error as NodeJS.ErrnoException).code ?? error.name})`),
  );
  return { keys, reload: () => watched.check(), close: () => watched.close() };
}

/**
 * A key of the settings speaks for its person on the agents' route, and for nobody else. One that is mapped to nobody is
 * Aperture's; on the agents' route it names nobody, so there only a trusted proxy can.
 */
function fromSettings({ name, key }: NamedKey, logins: HookKeySettings['logins']): HookKey {
  const login = Object.hasOwn(logins, name) ? logins[name] : undefined;
  return login === undefined
    ? { name, key, routes: new Set(['aperture', 'agent']) }
    : { name, key, routes: new Set(['agent']), login };
}

/** One key under two names leaves open whom it speaks for. One name may have two keys, while one replaces the other. */
function refuseAmbiguous(keys: readonly HookKey[]): void {
  const names = new Map<string, string>();
  for (const { name, key } of keys) {
    const other = names.get(key);
    if (other !== undefined && other !== name) {
      throw new ConfigError('configuration: two hook key names have the same key');
    }
    names.set(key, name);
  }
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'error';
    throw new ConfigError(`configuration: hook.keysFile ${file} cannot be read (${code})`);
  }
}
