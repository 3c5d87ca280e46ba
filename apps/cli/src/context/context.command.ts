import { loadSourceRegistry } from '@iris/config';
import {
  ContextWriter,
  keptEntries,
  principalKey,
  type RedisConnection,
  RefreshQueue,
  readKeptAnswers,
  sourceOfField,
} from '@iris/context-cache';
import { SOURCE_IDS, type SourceAnswer, type SourceId, type Subject } from '@iris/contracts';
import type { Command } from 'commander';
import { CliFault, EXIT, type Finish } from '../exit-codes.js';
import type { CliIo } from '../io.js';
import { jsonOption, redisOption, sourcesOption, withOptions } from '../options.js';
import { printJson, printTable } from '../output.js';
import { withRedis } from '../redis.js';

interface ContextOptions {
  readonly redis?: string;
  readonly sources: string;
  readonly json?: boolean;
}

/** `iris context`: what is kept of a person, to be shown, read again or dropped. */
export function registerContext(program: Command, io: CliIo, finish: Finish): void {
  const context = program.command('context').description('what is kept of a person or a device');
  const add = (name: string, description: string) =>
    withOptions(
      context
        .command(name)
        .description(description)
        .argument('<login>', 'login name, or the stable node id of a tagged device'),
      [redisOption(), jsonOption()],
    );

  add('show', 'what is kept, from which source and how old; exit code 1 when nothing is').action(
    (login: string, options: ContextOptions) =>
      withRedis(options.redis, async (redis) => {
        const entries = await entriesOf(redis, login);
        show(io, entries, options.json === true);
        finish(entries.size === 0 ? EXIT.FOUND : EXIT.OK);
      }),
  );

  withOptions(add('refresh', 'have every source read again, by the enrichers'), [sourcesOption()]).action(
    (login: string, options: ContextOptions) =>
      withRedis(options.redis, async (redis) => {
        const asked = await refresh(redis, login, options.sources);
        if (options.json) printJson(io, { login, asked });
        else
          printTable(
            io,
            ['source', 'node', 'refresh'],
            asked.map(({ source, node, outcome }) => [source, node ?? '', outcome]),
          );
        finish(asked.every(({ outcome }) => outcome === 'asked') ? EXIT.OK : EXIT.FOUND);
      }),
  );

  add('drop', 'drop what is kept, here and in the memory of every gateway').action(
    (login: string, options: ContextOptions) =>
      withRedis(options.redis, async (redis) => {
        const fields = [...(await entriesOf(redis, login)).keys()];
        const writer = new ContextWriter(redis);
        const key = principalKey(login);
        for (const field of fields) await writer.drop({ key, field }, Date.now());
        await writer.invalidate(key);
        if (options.json) printJson(io, { login, dropped: fields });
        else io.out(fields.length === 0 ? 'nothing was kept\n' : `dropped ${fields.join(', ')}\n`);
      }),
  );
}

async function entriesOf(redis: RedisConnection, login: string): Promise<ReadonlyMap<string, SourceAnswer>> {
  const entries = await readKeptAnswers(redis, login);
  if (entries === undefined) throw new CliFault('Redis gives no answer');
  return entries;
}

function show(io: CliIo, entries: ReadonlyMap<string, SourceAnswer>, asJson: boolean): void {
  const shown = keptEntries(entries, Date.now());
  if (asJson) {
    printJson(io, { entries: shown });
    return;
  }
  printTable(
    io,
    ['source', 'status', 'state', 'age in s', 'stale until'],
    shown.map((entry) => [entry.field, entry.reason ?? entry.status, entry.state, entry.ageSeconds, entry.staleUntil]),
  );
  for (const { field, attributes } of shown) {
    io.out(`\n${field}\n`);
    printTable(
      io,
      ['attribute', 'value'],
      Object.entries(attributes).map(([name, value]) => [name, JSON.stringify(value)]),
    );
  }
}

interface Asked {
  readonly source: SourceId;
  readonly node?: string;
  readonly outcome: string;
}

/** Sources asked by login read the person; those asked by node read the devices that are kept. */
async function refresh(redis: RedisConnection, login: string, registryFile: string): Promise<Asked[]> {
  const { sources } = loadSourceRegistry(registryFile);
  const fields = [...(await entriesOf(redis, login)).keys()];
  const queue = new RefreshQueue(redis);
  try {
    const questions = SOURCE_IDS.flatMap((source): { source: SourceId; subject: Subject }[] => {
      const settings = sources[source];
      if (settings === undefined || !settings.enabled) return [];
      if (settings.subject === 'login') return [{ source, subject: { principal: login, loginName: login } }];
      return fields
        .filter((field) => sourceOfField(field) === source && field.includes('/'))
        .map((field) => ({ source, subject: { principal: login, nodeId: field.slice(source.length + 1) } }));
    });
    const asked: Asked[] = [];
    for (const { source, subject } of questions) {
      asked.push({ source, node: subject.nodeId, outcome: await queue.ask(source, subject) });
    }
    return asked;
  } finally {
    await queue.close();
  }
}
