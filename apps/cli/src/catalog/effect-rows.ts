import { type CallEffects, compilePrograms, type Effect, readEffects } from '@iris/call-effects';
import type { JsonObject } from '@iris/contracts';
import type { Catalog } from '@iris/tool-catalog';

/** What a call does by its parameters, as the catalog's programs read it. */
export function effectsOf(catalog: Catalog, tool: string, params: JsonObject): CallEffects {
  const programs = compilePrograms(catalog.programs, catalog.environments, catalog.systemOfHost);
  return readEffects({ tool, params }, programs, catalog.environmentOfTarget);
}

export const EFFECT_COLUMNS = ['part', 'run by', 'category', 'operation', 'target', 'environment'] as const;

/** One row for each effect. The part of a command is shown where the call has one command. */
export function effectRows({ effects }: CallEffects, params: JsonObject): string[][] {
  const command = onlyText(params);
  return effects.map((effect) => [
    command !== undefined && effect.span ? command.slice(effect.span.start, effect.span.end) : effect.program,
    effect.via.join(' > '),
    effect.category,
    effect.operation,
    effect.target ?? '',
    environmentOf(effect),
  ]);
}

function environmentOf({ category, environment, target, advice }: Effect): string {
  if (environment !== undefined) return environment;
  if (LOCAL.has(category)) return '';
  const why = target === undefined ? 'no target is named' : 'not recognised';
  return `${why}: counts as production${advice === undefined ? '' : `; ${advice}`}`;
}

const LOCAL: ReadonlySet<string> = new Set(['shell', 'files', 'source_code', 'web', 'crm', 'hr']);

/** Spans are those of the text that is read, so they are of use where there is one alone. */
function onlyText(params: JsonObject): string | undefined {
  const texts = [params.command, params.cmd].filter((value) => typeof value === 'string');
  return texts.length === 1 ? texts[0] : undefined;
}
