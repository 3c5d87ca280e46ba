import type { CallEffects } from '@iris/call-effects';
import { isJsonObject, type JsonObject } from '@iris/contracts';
import { CatalogError, loadCatalog } from '@iris/tool-catalog';
import type { Command } from 'commander';
import { evidenceOf } from '../evidence/evidence-input.js';
import { EXIT, type Finish } from '../exit-codes.js';
import type { CliIo } from '../io.js';
import { catalogOption, jsonObject, jsonOption, withOptions } from '../options.js';
import { printJson, printTable } from '../output.js';
import { EFFECT_COLUMNS, effectRows, effectsOf } from './effect-rows.js';
import { CLUE_COLUMNS, clueRows } from './reading-rows.js';

/** How many different names are told apart; further ones are counted together. */
const MAX_NAMES = 10_000;
const OTHERS = '(further names)';

/** `iris catalog`: how the tool catalog reads a tool or call, and which tools it does not know. */
export function registerCatalog(program: Command, io: CliIo, finish: Finish): void {
  const catalog = program.command('catalog').description('the tool catalog');

  withOptions(
    catalog
      .command('explain')
      .alias('match')
      .description(
        'how the catalog reads a tool or call: server, category, operation, environment and why, anomalies, target; exit code 1 when no entry matches',
      )
      .argument('<tool>', 'name of the tool, as the model calls it')
      .option('--server <name>', 'MCP server, when the format names it apart from the tool')
      .option('--params <json>', 'parameters of a call; without them the tool is read as it is declared', jsonObject),
    [catalogOption(), jsonOption()],
  ).action((tool: string, options: ExplainOptions) => {
    const { server, params } = options;
    const catalog = loadCatalog({ path: options.catalog });
    const read = catalog.classify({ name: tool, server, params });
    const done = params && effectsOf(catalog, tool, params);
    if (options.json) printJson(io, { ...read, ...(done && { does: done }) });
    else {
      const { classification, resources, targetKind } = read;
      printTable(
        io,
        ['what', 'value'],
        [
          ['entry', read.entry ?? 'none: the tool, or its server, is not listed, so it is uncategorised'],
          ['server', read.tool.server ?? 'none'],
          ['tool', read.tool.operation],
          ['anomalies', read.tool.anomalies.join(', ') || 'none'],
          ['category', classification.category],
          ['system', classification.system ?? ''],
          ['operation', classification.operation ?? ''],
          ['environment', classification.environment ?? 'not recognised: counts as production'],
          ['target', resources.map(({ kind, id }) => `${kind} ${id}`).join(', ') || noTarget(targetKind)],
        ],
      );
      if (read.clues.length > 0) {
        io.out('\nEnvironment\n');
        printTable(io, CLUE_COLUMNS, clueRows(read.clues));
      }
      if (done && params) printEffects(io, done, params);
    }
    finish(read.entry === undefined ? EXIT.FOUND : EXIT.OK);
  });

  withOptions(
    catalog
      .command('lint')
      .description('read the catalog as the gateway does; exit code 1 with each error when it cannot be used'),
    [catalogOption(), jsonOption()],
  ).action((options: { catalog: string; json?: boolean }) => {
    const errors = errorsOf(options.catalog);
    if (options.json) printJson(io, { catalog: options.catalog, errors });
    else io.out(errors.length === 0 ? `${options.catalog}: can be used\n` : `${errors.join('\n')}\n`);
    finish(errors.length > 0 ? EXIT.FOUND : EXIT.OK);
  });
  withOptions(
    catalog
      .command('unmatched')
      .description('tools in evidence that the catalog does not hold now; exit code 1 when there are any')
      .argument('<evidence...>', 'files or folders of evidence, - for the standard input'),
    [catalogOption(), jsonOption()],
  ).action(async (sources: string[], options: { catalog: string; json?: boolean }) => {
    const known = loadCatalog({ path: options.catalog });
    const calls = new Map<string, number>();
    const evidence = evidenceOf(sources, io);
    for await (const { action, resource } of evidence.records()) {
      if (action === undefined || resource === undefined) continue;
      const { tool } = resource.attr;
      const server = isJsonObject(tool) && typeof tool.server === 'string' ? tool.server : undefined;
      // A name that contains its own server is taken apart by the catalog again.
      if (known.classify({ name: action }).entry ?? known.classify({ name: action, server }).entry) continue;
      const name = calls.has(action) || calls.size < MAX_NAMES ? action : OTHERS;
      calls.set(name, (calls.get(name) ?? 0) + 1);
    }
    const tools = [...calls].map(([tool, count]) => ({ tool, calls: count })).sort((a, b) => b.calls - a.calls);
    if (options.json) printJson(io, { tools, ...evidence.counts });
    else
      printTable(
        io,
        ['tool', 'calls'],
        tools.map(({ tool, calls: count }) => [tool, count]),
      );
    finish(tools.length > 0 ? EXIT.FOUND : EXIT.OK);
  });
}

/** One error a line: entry, key and accepted form. */
function errorsOf(path: string): string[] {
  try {
    loadCatalog({ path });
    return [];
  } catch (error) {
    if (error instanceof CatalogError) return error.message.split('\n');
    throw error;
  }
}

function noTarget(kind: string | undefined): string {
  return kind === undefined ? 'none' : `${kind}, not told: no parameter names one that can be shown`;
}

/** Each effect outside of the shell is checked as a resource of its own. */
function printEffects(io: CliIo, done: CallEffects, params: JsonObject): void {
  const { effects, opaque, complexity } = done;
  if (effects.length > 0) {
    io.out('\nWhat the call does\n');
    printTable(io, EFFECT_COLUMNS, effectRows(done, params));
  }
  if (opaque.length > 0) io.out(`Parts that cannot be read: ${opaque.join(', ')}\n`);
  if (complexity !== undefined) io.out(`Denied, since it cannot be read whole: ${complexity}\n`);
}

interface ExplainOptions {
  readonly catalog: string;
  readonly server?: string;
  readonly params?: JsonObject;
  readonly json?: boolean;
}
