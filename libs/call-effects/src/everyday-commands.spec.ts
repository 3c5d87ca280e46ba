import { readFileSync } from 'node:fs';
import { loadCatalog } from '@iris/tool-catalog';
import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { type CallEffects, compilePrograms, readEffects } from './index.js';

const catalog = loadCatalog({ path: 'policies/catalog.yaml' });
const programs = compilePrograms(catalog.programs, catalog.environments, catalog.systemOfHost);
const read = (command: string) =>
  readEffects({ tool: 'Bash', params: { command } }, programs, catalog.environmentOfTarget);

const everyday = parse(readFileSync(new URL('./everyday-commands.yaml', import.meta.url), 'utf8')) as {
  readonly commands: Readonly<Record<string, readonly string[]>>;
  readonly flagged: readonly { readonly command: string; readonly reason: string }[];
};
const commands = Object.values(everyday.commands).flat();

/** Effects that the shipped policies allow to people on call only. */
function needsProduction({ effects, complexity }: CallEffects): boolean {
  const [, ...others] = catalog.environments;
  return (
    complexity !== undefined ||
    effects.some(
      ({ category, environment }) =>
        /^(?:database|infrastructure)$/.test(category) && (environment === undefined || !others.includes(environment)),
    )
  );
}

describe('everyday commands', () => {
  it('are at least 300, of which at most 1 % are flagged', () => {
    expect(new Set(commands).size).toBeGreaterThanOrEqual(300);
    expect(everyday.flagged.length).toBeLessThanOrEqual((commands.length + everyday.flagged.length) / 100);
  });

  it.each(commands)('%s', (command) => {
    const effects = read(command);
    expect({ effects, flagged: needsProduction(effects) }).toMatchObject({ flagged: false });
  });

  it.each(everyday.flagged)('flags $command: $reason', ({ command }) => {
    expect(needsProduction(read(command))).toBe(true);
  });
});
