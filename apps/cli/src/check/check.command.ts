import { readFile } from 'node:fs/promises';
import type { Json } from '@iris/contracts';
import type { Command } from 'commander';
import { CLUE_COLUMNS, clueRows } from '../catalog/reading-rows.js';
import { CliFault, EXIT, type Finish } from '../exit-codes.js';
import type { CliIo } from '../io.js';
import {
  catalogOption,
  cerbosOption,
  gatewayOption,
  hookKeyOption,
  isoTime,
  jsonObject,
  jsonOption,
  withOptions,
} from '../options.js';
import { printJson, printTable } from '../output.js';
import { askGateway, type Explanation } from './ask-gateway.js';
import { checkLocally } from './check-locally.js';
import { hookOf } from './hook-of.js';

interface CheckOptions {
  readonly gateway?: string;
  readonly hookKey?: string;
  readonly login?: string;
  readonly tool?: string;
  readonly params: Record<string, unknown>;
  readonly client: string;
  readonly node?: string;
  readonly event?: string;
  readonly policies?: string;
  readonly policyVersion: string;
  readonly scope: string;
  readonly kind: string;
  readonly time?: Date;
  readonly facts?: string;
  readonly catalog: string;
  readonly cerbos?: string;
  readonly json?: boolean;
}

/** `iris check`: what would be decided on one call or hook, and from which facts. */
export function registerCheck(program: Command, io: CliIo, finish: Finish): void {
  const command = program
    .command('check')
    .description('ask a gateway what it would decide on a call, without deciding it')
    .argument('[hook]', "a file with the body of one of Aperture's hooks; else --login and --tool say what is asked")
    .option('--login <login>', 'login name of the person')
    .option('--tool <name>', 'name of the tool, as the model calls it')
    .option('--params <json>', 'parameters of the call', jsonObject, {})
    .option('--client <user-agent>', 'user agent of the client', 'claude-cli/2.1.278')
    .option('--node <id>', 'stable node id of the device')
    .option('--event <event>', 'event of the hook in the file; told from its fields when absent')
    .option('--policies <folder>', 'decide by these policies on a local PDP, and show the conditions of each rule')
    .option(
      '--facts <file>',
      'facts about the person over those of the gateway: YAML or JSON with roles and attr; needs --policies',
    )
    .option('--time <time>', 'when the call is made, ISO 8601; needs --policies', isoTime)
    .option('--policy-version <version>', 'version of the policies that decide', 'default')
    .option('--scope <scope>', 'scope of the policies that decide', '')
    .option('--kind <kind>', 'kind of the resource that a tool call is', 'aperture_hook');
  withOptions(command, [gatewayOption(), hookKeyOption(), catalogOption(), cerbosOption(), jsonOption()]).action(
    async (file: string | undefined, options: CheckOptions) => {
      if (options.policies !== undefined) {
        const explanation =
          options.gateway === undefined ? undefined : await askGateway(options, ...(await questionOf(file, options)));
        const answers = await checkLocally(explanation, { ...options, policies: options.policies }, io);
        finish(answers.every(({ effect }) => effect === 'ALLOW') ? EXIT.OK : EXIT.FOUND);
        return;
      }
      if (options.facts !== undefined || options.time !== undefined) {
        throw new CliFault('--facts and --time need --policies: a gateway decides by its own facts and clock');
      }
      const explanation = await askGateway(options, ...(await questionOf(file, options)));
      if (options.json) printJson(io, explanation);
      else printExplanation(io, explanation);
      finish(explanation.calls.every(({ effect }) => effect === 'ALLOW') ? EXIT.OK : EXIT.FOUND);
    },
  );
}

/** A rule whose condition cannot be evaluated denies, and has no output. */
function noRule(effect: string): string {
  return effect === 'ALLOW' ? 'none' : 'no rule has an output: --policies shows which condition cannot be evaluated';
}

async function questionOf(
  file: string | undefined,
  options: CheckOptions,
): Promise<[body: string, event: string | undefined]> {
  if (file !== undefined) return [await readFile(file, 'utf8'), options.event];
  const { login, tool, params, client, node } = options;
  if (login === undefined || tool === undefined) throw new CliFault('name a hook file, or --login and --tool');
  return [JSON.stringify(hookOf({ login, tool, params, client, node })), 'pre_request'];
}

function printExplanation(io: CliIo, explanation: Explanation): void {
  const { principal, sources, attributeOrigins, calls, stripped } = explanation;
  io.out(`Principal ${principal.id} (${principal.kind}), roles ${principal.roles.join(', ')}\n\nSources\n`);
  printTable(
    io,
    ['source', 'status', 'found in', 'age in s', 'reason'],
    Object.entries(sources).map(([id, source]) => [
      id,
      source.status,
      source.origin,
      source.ageSeconds ?? '',
      source.reason ?? '',
    ]),
  );
  io.out('\nAttributes\n');
  printTable(
    io,
    ['attribute', 'value', 'source', 'age in s'],
    Object.entries(attributeOrigins).map(([path, origin]) => [
      path,
      JSON.stringify(principal.attr[path]),
      origin.source,
      origin.ageSeconds ?? '',
    ]),
  );
  for (const call of calls) {
    io.out(
      `\n${call.effect} ${call.tool} (${call.phase}): ${call.reason}${call.observe || call.mode === 'observe' ? ', observed only' : ''}\n`,
    );
    if (call.message !== undefined) io.out(`  ${call.message}\n`);
    printTable(
      io,
      ['what', 'value'],
      [
        ['rules', call.rules.join(', ') || noRule(call.effect)],
        ['policy', [call.matchedPolicy ?? 'none', call.matchedScope].filter(Boolean).join(', scope ')],
        ['catalog entry', call.catalogEntry ?? 'none: the tool is uncategorised'],
        ...[
          'tool',
          'category',
          'system',
          'operation',
          'environment',
          'target',
          'cmdb',
          'paramsStatus',
          'opaque',
        ].flatMap((key) => (call.attr[key] === undefined ? [] : [[key, JSON.stringify(call.attr[key])]])),
      ],
    );
    const why = clueRows(call.clues);
    if (why.length > 0) {
      io.out('  Why this environment\n');
      printTable(io, CLUE_COLUMNS, why);
    }
    if (call.effects !== undefined) printEffects(io, call.effects);
  }
  if (calls.length === 0) io.out('\nThe hook holds no tool call.\n');
  if (stripped.length > 0) io.out(`\nRemoved from the request, never allowed: ${stripped.join(', ')}\n`);
}

/** Each effect of a call is checked as a resource of its own. */
function printEffects(io: CliIo, effects: NonNullable<Explanation['calls'][number]['effects']>): void {
  const shown = (value: Json | undefined) => (Array.isArray(value) ? value.join(' > ') : String(value ?? ''));
  io.out('  What the call does\n');
  printTable(
    io,
    ['program', 'run by', 'category', 'operation', 'environment', 'target', 'effect', 'rules'],
    effects.map(({ summary, effect, rules }) => [
      shown(summary.program),
      shown(summary.via),
      shown(summary.category),
      shown(summary.operation),
      shown(summary.environment ?? 'not recognised'),
      shown(summary.target),
      effect,
      rules.join(', '),
    ]),
  );
}
