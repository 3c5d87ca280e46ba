import { isJsonObject, type Json, type JsonObject } from '@iris/contracts';
import { type ParseError, parse } from 'jsonc-parser';

/** A hook as Aperture's configuration defines it; what is not there is undefined. */
export interface ApertureHook {
  readonly name: string;
  readonly url: string;
  readonly apikey?: string;
  readonly authorization?: string;
  readonly timeout?: string;
  readonly disabled?: boolean;
  readonly failPolicy?: string;
}

/** One place where a hook is wired. */
export interface Wiring {
  readonly hook: string;
  readonly events: readonly string[];
  readonly send: readonly string[];
  /** Where it is, for example `grants[0]`. */
  readonly place: string;
  readonly hasDst: boolean;
  /** Whether it is written in the deprecated form. */
  readonly old: boolean;
}

/**
 * The hooks of a configuration, read leniently: it is to be diagnosed, not to be used.
 * Source: Tailscale's configuration reference of Aperture, and of tailnet policy files.
 */
export interface ApertureWiring {
  readonly hooks: readonly ApertureHook[];
  readonly wirings: readonly Wiring[];
}

const CAPABILITY = 'tailscale.com/cap/aperture';

/** @returns undefined when the text is no JSON object; comments and trailing commas are accepted */
export function readApertureWiring(text: string): ApertureWiring | undefined {
  const errors: ParseError[] = [];
  const config: unknown = parse(text, errors, { allowTrailingComma: true });
  if (errors.length > 0 || !isJsonObject(config)) return undefined;
  return {
    hooks: Object.entries(objectAt(config, 'hooks')).flatMap(([name, hook]) =>
      isJsonObject(hook) ? hookOf(name, hook) : [],
    ),
    wirings: [...newWirings(config), ...oldWirings(config)],
  };
}

function hookOf(name: string, hook: JsonObject): ApertureHook {
  return {
    name,
    url: textAt(hook, 'url') ?? '',
    apikey: textAt(hook, 'apikey'),
    authorization: textAt(hook, 'authorization'),
    timeout: textAt(hook, 'timeout'),
    disabled: hook.disabled === true,
    failPolicy: textAt(hook, 'fail_policy'),
  };
}

function newWirings(config: JsonObject): Wiring[] {
  return objectsAt(config, 'grants').flatMap((grant, index) =>
    objectsAt(objectAt(grant, 'app'), CAPABILITY).flatMap((capability) =>
      objectsAt(capability, 'send_hooks').map((entry) => ({
        hook: textAt(entry, 'name') ?? '',
        events: textsAt(entry, 'events'),
        send: textsAt(entry, 'send'),
        place: `grants[${index}]`,
        hasDst: 'dst' in grant,
        old: false,
      })),
    ),
  );
}

function oldWirings(config: JsonObject): Wiring[] {
  return objectsAt(config, 'temp_grants').flatMap((grant, index) =>
    objectsAt(grant, 'grants').flatMap((entry) => {
      const hook = objectAt(entry, 'hook');
      const name = textAt(hook, 'hook');
      if (name === undefined) return [];
      return {
        hook: name,
        events: textsAt(objectAt(hook, 'match'), 'events'),
        send: textsAt(hook, 'fields'),
        place: `temp_grants[${index}]`,
        hasDst: 'dst' in grant,
        old: true,
      };
    }),
  );
}

function objectAt(parent: JsonObject, key: string): JsonObject {
  const value = parent[key];
  return isJsonObject(value) ? value : {};
}

function objectsAt(parent: JsonObject, key: string): JsonObject[] {
  return listAt(parent, key).filter(isJsonObject);
}

function textsAt(parent: JsonObject, key: string): string[] {
  return listAt(parent, key).filter((value) => typeof value === 'string');
}

function textAt(parent: JsonObject, key: string): string | undefined {
  const value = parent[key];
  return typeof value === 'string' ? value : undefined;
}

function listAt(parent: JsonObject, key: string): Json[] {
  const value = parent[key];
  return Array.isArray(value) ? value : [];
}
