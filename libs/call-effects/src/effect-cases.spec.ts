import { readFileSync } from 'node:fs';
import type { JsonObject } from '@iris/contracts';
import { loadCatalog } from '@iris/tool-catalog';
import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { compilePrograms, type Effect, readEffects } from './index.js';

interface EffectCase {
  readonly command?: string;
  readonly params?: JsonObject;
  readonly effects: readonly string[];
  readonly opaque?: readonly string[];
  readonly complexity?: string;
}

const catalog = loadCatalog({ path: 'policies/catalog.yaml' });
const programs = compilePrograms(catalog.programs, catalog.environments, catalog.systemOfHost);
const cases = parse(readFileSync(new URL('./effect-cases.yaml', import.meta.url), 'utf8')) as readonly EffectCase[];

function shown({ program, category, operation, environment = 'unknown', target }: Effect): string {
  return [program, `${category}/${operation}`, environment, target].filter((part) => part !== undefined).join(' ');
}

describe('the effects of a call', () => {
  it.each(cases.map((each) => [each.command ?? JSON.stringify(each.params), each] as const))('%s', (_, expected) => {
    const params = expected.params ?? { command: expected.command ?? '' };
    const { effects, opaque, complexity } = readEffects(
      { tool: 'Bash', params },
      programs,
      catalog.environmentOfTarget,
    );
    expect({ effects: effects.map(shown), opaque, complexity }).toEqual({
      effects: expected.effects,
      opaque: expected.opaque ?? [],
      complexity: expected.complexity,
    });
  });

  it('has the span of the part that has the effect', () => {
    const command = 'git status && psql -h orders-prod; ls';
    const { effects } = readEffects({ tool: 'Bash', params: { command } }, programs, catalog.environmentOfTarget);
    expect(effects.map(({ span }) => command.slice(span?.start, span?.end))).toEqual(['psql -h orders-prod']);
  });

  it('never holds a user or a password', () => {
    const commands = [
      'psql postgres://iris:hunter2@orders-prod.db.lumen.example/x',
      'psql "host=orders-prod user=iris password=hunter2"',
      'redis-cli -u redis://iris:hunter2@cache-prod',
      'curl https://iris:hunter2@orders-prod.lumen.example/x',
      'sqlplus iris/hunter2@orders-prod',
      'mysql "mysql://iris:hunter2@[broken/x"',
      'ssh iris:hunter2@orders-prod',
      'rsync a rsync://iris:hunter2@orders-prod/x',
      'aws --endpoint-url https://iris:hunter2@orders-prod.lumen.example s3 ls',
      'kubectl --context iris:hunter2@prod get pods',
    ];
    for (const command of commands) {
      const read = readEffects({ tool: 'Bash', params: { command } }, programs, catalog.environmentOfTarget);
      expect(read.effects).not.toEqual([]);
      expect(JSON.stringify(read)).not.toContain('hunter2');
    }
  });
});
