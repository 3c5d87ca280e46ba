import { readFileSync } from 'node:fs';
import { type SourceRegistry, sourceRegistrySchema } from '@iris/contracts';
import { parse } from 'yaml';
import { ConfigError } from './load-settings.js';

/** The content of a YAML file. @throws ConfigError naming the file when it cannot be read or parsed */
export function readYamlFile(path: string): unknown {
  try {
    return parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new ConfigError(`configuration: ${path} cannot be read: ${error instanceof Error ? error.message : error}`);
  }
}

/** Reads the source registry. @throws ConfigError naming the file, the key and what is wrong with it */
export function loadSourceRegistry(path: string): SourceRegistry {
  const parsed = sourceRegistrySchema.safeParse(readYamlFile(path));
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new ConfigError(`configuration: ${path}: ${issue?.path.join('.')}: ${issue?.message}`);
}
