import { DeadLetters } from '@iris/evidence';
import type { Command } from 'commander';
import { EXIT, type Finish } from '../exit-codes.js';
import type { CliIo } from '../io.js';
import { jsonOption, redisOption, wholeNumber, withOptions } from '../options.js';
import { printJson, printTable } from '../output.js';
import { withRedis } from '../redis.js';
import { registerList } from './list.js';
import { registerSession } from './session.js';
import { findStory, printStory } from './story.js';
import { registerVerify } from './verify.js';

interface LetterOptions {
  readonly redis?: string;
  readonly limit: number;
  readonly json?: boolean;
}

/** `iris evidence`: the story of one decision, and the batches that no sink has taken. */
export function registerEvidence(program: Command, io: CliIo, finish: Finish): void {
  const evidence = program.command('evidence').description('records of decisions');
  registerList(evidence, io, finish);
  registerSession(evidence, io, finish);
  registerVerify(evidence, io, finish);

  withOptions(
    evidence
      .command('show')
      .description('the story of one decision: its record, other records of the same call, and what the PDP logged')
      .argument('<id>', 'id of the record')
      .argument('<evidence...>', 'files or folders of evidence, - for the standard input')
      .option('--audit <file>', "the PDP's audit log as JSON lines"),
    [jsonOption()],
  ).action(async (id: string, sources: string[], options: { audit?: string; json?: boolean }) => {
    const story = await findStory(id, sources, options.audit, io);
    if (story === undefined) io.err(`no record has the id ${id}\n`);
    else if (options.json) printJson(io, story);
    else printStory(io, story);
    finish(story === undefined ? EXIT.FOUND : EXIT.OK);
  });

  const letters = evidence.command('dead-letters').description('batches that were set aside');

  withOptions(
    letters
      .command('list')
      .description('the latest batches that were set aside; exit code 1 when there are any')
      .option('--limit <count>', 'how many are shown', wholeNumber(1), 50),
    [redisOption(), jsonOption()],
  ).action((options: LetterOptions) =>
    withDeadLetters(options.redis, async (deadLetters) => {
      const total = await deadLetters.count();
      const batches = await deadLetters.list(options.limit);
      if (options.json) printJson(io, { total, batches });
      else {
        io.out(`${total} batches\n`);
        printTable(
          io,
          ['batch', 'records', 'attempts', 'since', 'what the sink said'],
          batches.map(({ id, records, attempts, failedAt, reason }) => [
            id,
            records,
            attempts,
            new Date(failedAt).toISOString(),
            reason,
          ]),
        );
      }
      finish(total > 0 ? EXIT.FOUND : EXIT.OK);
    }),
  );

  withOptions(
    letters
      .command('redrive')
      .description('have batches tried again by the sinks that have not taken them')
      .argument('[batch]', 'one batch; all when absent'),
    [redisOption(), jsonOption()],
  ).action((batch: string | undefined, options: LetterOptions) =>
    withDeadLetters(options.redis, async (deadLetters) => {
      const redriven = await deadLetters.redrive(batch);
      if (options.json) printJson(io, { redriven });
      else io.out(`${redriven} batches are tried again\n`);
      finish(batch !== undefined && redriven === 0 ? EXIT.FOUND : EXIT.OK);
    }),
  );

  withOptions(
    letters
      .command('discard')
      .description(
        'give one batch up for good: its records reach no further sink; exit code 1 when there is no such batch',
      )
      .argument('<batch>', 'the batch, as the list names it'),
    [redisOption(), jsonOption()],
  ).action((batch: string, options: LetterOptions) =>
    withDeadLetters(options.redis, async (deadLetters) => {
      const discarded = await deadLetters.discard(batch);
      if (options.json) printJson(io, { discarded });
      else io.out(discarded ? `${batch} is given up\n` : `no dead letter has the id ${batch}\n`);
      finish(discarded ? EXIT.OK : EXIT.FOUND);
    }),
  );
}

function withDeadLetters(url: string | undefined, use: (letters: DeadLetters) => Promise<void>): Promise<void> {
  return withRedis(url, async (redis) => {
    const letters = new DeadLetters(redis);
    try {
      await use(letters);
    } finally {
      await letters.close();
    }
  });
}
