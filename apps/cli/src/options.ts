import { type Command, InvalidArgumentError, Option } from 'commander';
import { DateTime } from 'luxon';

/** Options that several commands share. Those with a variable in the environment are better set there. */

export function jsonOption(): Option {
  return new Option('--json', 'print JSON instead of text');
}

export function redisOption(): Option {
  return new Option('--redis <url>', 'Redis of the mesh; the forms of redis.url').env('IRIS_REDIS_URL');
}

export function pdpOption(): Option {
  return new Option('--pdp <target>', "host:port or unix:/path of the PDP's gRPC listener").env('IRIS_PDP_TARGET');
}

export function gatewayOption(): Option {
  return new Option('--gateway <url>', 'URL of a gateway').env('IRIS_GATEWAY_URL');
}

export function hookKeyOption(): Option {
  return new Option('--hook-key <key>', 'hook key; other users of this machine see arguments, so use the variable').env(
    'IRIS_HOOK_KEY',
  );
}

export function catalogOption(): Option {
  return new Option('--catalog <file>', 'the tool catalog').env('IRIS_CATALOG_FILE').default('policies/catalog.yaml');
}

export function cerbosOption(): Option {
  return new Option('--cerbos <binary>', 'Cerbos binary; that of the installed package when absent');
}

export function sourcesOption(): Option {
  return new Option('--sources <file>', 'the source registry')
    .env('IRIS_SOURCES_FILE')
    .default('deploy/helm/iris/files/sources.yaml');
}

/** Adds options and returns the command. */
export function withOptions(command: Command, options: readonly Option[]): Command {
  for (const option of options) command.addOption(option);
  return command;
}

/** Gathers the values of an option that may be given again. */
export function collected(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}

/** A whole number, at least `min`. */
export function wholeNumber(min: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!Number.isInteger(value) || value < min) throw new InvalidArgumentError(`must be a whole number from ${min}.`);
    return value;
  };
}

/** A point in time. */
export function isoTime(text: string): Date {
  const time = DateTime.fromISO(text, { setZone: true });
  if (!time.isValid || !/T.*(Z|[+-]\d\d:?\d\d)$/.test(text)) {
    throw new InvalidArgumentError('must be ISO 8601 with a zone, for example 2026-11-06T18:30:00+01:00.');
  }
  return time.toJSDate();
}

/** A JSON object. */
export function jsonObject(text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new InvalidArgumentError('must be JSON.');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new InvalidArgumentError('must be a JSON object.');
  }
  return value as Record<string, unknown>;
}
