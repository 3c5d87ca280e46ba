import { ConsoleClient, type DecisionSummary, FORCES } from '@iris/console-api';
import { type Command, Option } from 'commander';
import { timeOf } from '../evidence/record-filter.js';
import { CliFault, EXIT, type Finish } from '../exit-codes.js';
import type { CliIo } from '../io.js';
import { collected, jsonOption, wholeNumber, withOptions } from '../options.js';
import { printable, printJson, printTable } from '../output.js';
import { printDetail } from './print-detail.js';

interface FilterOptions {
  readonly console?: string;
  readonly since?: number;
  readonly until?: number;
  readonly person?: readonly string[];
  readonly tool?: readonly string[];
  readonly server?: readonly string[];
  readonly category?: readonly string[];
  readonly effect?: readonly string[];
  readonly reason?: readonly string[];
  readonly rule?: readonly string[];
  readonly source?: readonly string[];
  readonly force?: readonly string[];
  readonly session?: readonly string[];
  readonly json?: boolean;
}

/** Filters with values of their own; each may be given again. */
const FILTERS = {
  person: 'login name or node id',
  tool: 'tool, as it was called',
  server: 'MCP server',
  category: 'category of the tool catalog',
  effect: 'ALLOW or DENY',
  reason: 'reason id',
  rule: '<policy>#<rule>',
  source: '<source>:<status>, for example pagerduty:stale',
  force: FORCES.join(', '),
  session: 'session id',
} as const;

/** `iris decisions`: the decision log, by the API of the console. */
export function registerDecisions(program: Command, io: CliIo, finish: Finish): void {
  const decisions = program.command('decisions').description('recorded decisions, by the console');

  filtered(decisions.command('list').description('decisions, the newest first; exit code 1 when there are none'))
    .option('--limit <count>', 'how many', wholeNumber(1), 50)
    .action(async (options: FilterOptions & { limit: number }) => {
      const query = { ...queryOf(options), limit: Math.min(500, options.limit) };
      const { decisions: found } = await clientOf(options).call('listDecisions', { query });
      if (options.json) printJson(io, { decisions: found });
      else printDecisions(io, found);
      finish(found.length === 0 ? EXIT.FOUND : EXIT.OK);
    });

  filtered(decisions.command('counts').description('decisions over time')).action(async (options: FilterOptions) => {
    const counts = await clientOf(options).call('countDecisions', { query: queryOf(options) });
    if (options.json) printJson(io, counts);
    else {
      const { enforcedAllow, enforcedDeny, observedAllow, observedDeny, shadowAllow, shadowDeny } = counts.total;
      io.out(`${counts.from} to ${counts.to}\n`);
      printTable(
        io,
        ['force', 'ALLOW', 'DENY'],
        [
          ['enforced', enforcedAllow, enforcedDeny],
          ['observed', observedAllow, observedDeny],
          ['shadow', shadowAllow, shadowDeny],
        ],
      );
    }
    finish(EXIT.OK);
  });

  filtered(decisions.command('follow').description('new decisions as they arrive, until Ctrl-C')).action(
    async (options: FilterOptions) => {
      const end = new AbortController();
      process.once('SIGINT', () => end.abort());
      for await (const { type, data } of clientOf(options).stream(queryOf(options), end.signal)) {
        if (type === 'state' && (data as { log: string }).log === 'unavailable') {
          io.err('the decision log is unavailable; waiting\n');
        }
        if (type !== 'decisions') continue;
        for (const decision of data as DecisionSummary[]) {
          io.out(options.json ? `${JSON.stringify(decision)}\n` : `${lineOf(decision).map(printable).join('  ')}\n`);
        }
      }
      finish(EXIT.OK);
    },
  );

  withOptions(
    decisions
      .command('show')
      .description('one decision: why, the facts with their ages, the rule')
      .argument('<id>', 'id of the record'),
    [consoleOption(), jsonOption()],
  )
    .option('--smallest-change', 'also ask the PDP which smallest change of facts would allow', false)
    .action(async (id: string, options: FilterOptions & { smallestChange: boolean }) => {
      const client = clientOf(options);
      const detail = await client.call('readDecision', { path: { id } });
      const change = options.smallestChange ? await client.call('findSmallestChange', { path: { id } }) : undefined;
      if (options.json) printJson(io, { ...detail, smallestChange: change });
      else printDetail(io, detail, change);
      finish(EXIT.OK);
    });
}

function consoleOption(): Option {
  return new Option('--console <url>', 'URL of the console').env('IRIS_CONSOLE_URL');
}

function filtered(command: Command): Command {
  command
    .option(
      '--since <time>',
      'from this time on, such as 2026-11-05T10:00:00Z, or for so long back, such as 90m',
      timeOf,
    )
    .option('--until <time>', 'before this time', timeOf);
  for (const [name, meaning] of Object.entries(FILTERS)) {
    command.option(`--${name} <value>`, `${meaning}; may be given again`, collected);
  }
  return withOptions(command, [consoleOption(), jsonOption()]);
}

function queryOf(options: FilterOptions) {
  const names = Object.keys(FILTERS) as (keyof typeof FILTERS)[];
  return {
    ...Object.fromEntries(names.map((name) => [name, options[name]])),
    from: options.since === undefined ? undefined : new Date(options.since).toISOString(),
    to: options.until === undefined ? undefined : new Date(options.until).toISOString(),
  };
}

function clientOf({ console: url }: FilterOptions): ConsoleClient {
  if (url === undefined) throw new CliFault('name the console by --console or IRIS_CONSOLE_URL');
  return new ConsoleClient(url);
}

function printDecisions(io: CliIo, decisions: readonly DecisionSummary[]): void {
  printTable(io, ['time', 'who', 'tool', 'effect', 'force', 'reason', 'rule', 'id'], decisions.map(lineOf));
}

function lineOf({ time, person, tool, event, effect, force, reason, rules, id }: DecisionSummary): string[] {
  const rule = rules.map((one) => one.replace(/^.*#/, '')).join(', ');
  return [time, person, tool ?? `(${event})`, effect, force, reason, rule || 'none', id];
}
