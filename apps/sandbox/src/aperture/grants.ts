import {
  APERTURE_CAPABILITY,
  type ApertureConfig,
  type ApertureEvent,
  type ApertureHook,
  type SendField,
} from './aperture-config.js';
import { globMatches } from './glob.js';
import { type ApertureIdentity, matchesSource } from './identity.js';

/** A hook that applies to a request: what all matching grants ask for, united. */
export interface WiredHook {
  key: string;
  hook: ApertureHook;
  events: ReadonlySet<ApertureEvent>;
  send: ReadonlySet<SendField>;
}

/** What a request asks for. */
export interface Target {
  identity: ApertureIdentity;
  provider: string;
  model: string;
}

interface Wish {
  key: string;
  events: readonly ApertureEvent[];
  send: readonly SendField[];
}

function currentWishes(config: ApertureConfig, target: Target): Wish[] {
  return (config.grants ?? [])
    .filter(({ src }) => matchesSource(src, target.identity))
    .flatMap(({ app }) => app[APERTURE_CAPABILITY] ?? [])
    .filter(({ models }) => models === undefined || globMatches(models, `${target.provider}/${target.model}`))
    .flatMap(({ send_hooks }) => send_hooks ?? [])
    .map(({ name, events, send }) => ({ key: name, events, send }));
}

function oldWishes(config: ApertureConfig, target: Target): Wish[] {
  const matches = (globs: readonly string[] | undefined, text: string): boolean =>
    globs === undefined || globs.some((glob) => globMatches(glob, text));
  return (config.temp_grants ?? [])
    .filter(({ src }) => matchesSource(src, target.identity))
    .flatMap(({ grants }) => grants.flatMap(({ hook }) => hook ?? []))
    .filter(({ match }) => matches(match.providers, target.provider) && matches(match.models, target.model))
    .map(({ match, hook, fields }) => ({ key: hook, events: match.events, send: fields }));
}

/** The hooks of a request in the order in which they run: preference falling, then key. */
export function hooksFor(config: ApertureConfig, target: Target): WiredHook[] {
  const wishes = [...currentWishes(config, target), ...oldWishes(config, target)];
  const keys = [...new Set(wishes.map(({ key }) => key))];
  return keys
    .flatMap((key) => {
      const hook = config.hooks[key];
      if (!hook || hook.disabled) return [];
      const own = wishes.filter((wish) => wish.key === key);
      return {
        key,
        hook,
        events: new Set(own.flatMap(({ events }) => events)),
        send: new Set(own.flatMap(({ send }) => send)),
      };
    })
    .sort((a, b) => b.hook.preference - a.hook.preference || (a.key < b.key ? -1 : 1));
}

/** Whether any grant lets this identity use the model. */
export function mayUse(config: ApertureConfig, target: Target): boolean {
  const granted = (config.grants ?? []).some(
    ({ src, app }) =>
      matchesSource(src, target.identity) &&
      (app[APERTURE_CAPABILITY] ?? []).some(
        ({ models }) => models !== undefined && globMatches(models, `${target.provider}/${target.model}`),
      ),
  );
  return granted || (config.temp_grants ?? []).some(({ src }) => matchesSource(src, target.identity));
}

/** Capabilities of other vendors that the identity's grants carry, united: `metadata.grants`. */
export function customCapabilities(config: ApertureConfig, identity: ApertureIdentity): Record<string, unknown[]> {
  const capabilities: Record<string, unknown[]> = {};
  for (const { src, app } of config.grants ?? []) {
    if (!matchesSource(src, identity)) continue;
    for (const [name, values] of Object.entries(app)) {
      if (name === APERTURE_CAPABILITY) continue;
      capabilities[name] = [...(capabilities[name] ?? []), ...(values ?? [])];
    }
  }
  return capabilities;
}
