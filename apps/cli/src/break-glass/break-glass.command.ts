import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { endSwitch, readSwitch, turnOn } from '@iris/break-glass';
import { type SigningKey, SigningKeyError, signingKey } from '@iris/evidence';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { CliFault, EXIT, type Finish } from '../exit-codes.js';
import type { CliIo } from '../io.js';
import { gatewayOption, jsonOption, redisOption, withOptions } from '../options.js';
import { printJson } from '../output.js';
import { withRedis } from '../redis.js';

interface CommonOptions {
  readonly redis?: string;
  readonly gateway?: string;
  readonly json?: boolean;
}

interface KeyOptions extends CommonOptions {
  readonly key?: string;
  readonly reason?: string;
}

interface OnOptions extends KeyOptions {
  readonly for?: number;
  readonly category?: string;
}

/** How long a gateway may take to see a switch, in ms. */
const SEEN_WITHIN_MS = 10_000;
const LOOK_MS = 250;
const TIMEOUT_MS = 5000;
const MINUTE_MS = 60_000;

/** `iris break-glass`: sets what is enforced to observe for a time, shows that, ends it. */
export function registerBreakGlass(program: Command, io: CliIo, finish: Finish): void {
  const common = () => [redisOption(), gatewayOption(), jsonOption()];
  const keyOption = () =>
    new Option('--key <file>', 'Ed25519 private key in PEM of an admin').env('IRIS_BREAK_GLASS_KEY_FILE');

  const breakGlass = withOptions(
    program
      .command('break-glass')
      .description('record denials and enforce none, for all categories or one, for a time; needs an admin key')
      .option('--for <time>', 'for how long, such as 30m or 2h', durationOf)
      .option('--reason <text>', 'why; it stays in the evidence')
      .option('--category <name>', 'the one category of the tool catalog that it is for'),
    [keyOption(), ...common()],
  ).action((options: OnOptions) =>
    withRedis(options.redis, async (redis) => {
      if (options.for === undefined) throw new CliFault('--for states for how long, such as 30m');
      const record = await turnOn(redis, keyOf(options.key), {
        forMs: options.for,
        reason: reasonOf(options.reason),
        category: options.category,
      });
      const until = new Date(record.expiresAt).toISOString();
      const seen = await seenBy(options.gateway, (id) => id === record.id);
      if (options.json) printJson(io, { id: record.id, until, category: record.category, seen });
      else {
        io.out(`break-glass ${record.id} is written, for ${record.category ?? 'all categories'}, until ${until}\n`);
        io.out(seenText(seen, 'the gateway has it', 'the gateway does not take it: its log names the cause'));
      }
      finish(seen === false ? EXIT.FOUND : EXIT.OK);
    }),
  );

  withOptions(
    breakGlass.command('status').description('the switch in Redis, and whether a gateway has it; exit code 1 when on'),
    common(),
  ).action((_options: CommonOptions, command: Command) => {
    const options = command.optsWithGlobals<CommonOptions>();
    return withRedis(options.redis, async (redis) => {
      const record = await readSwitch(redis);
      const isOn = record?.action === 'on' && record.expiresAt > Date.now();
      const gateway = await gatewaySwitch(options.gateway);
      if (options.json) printJson(io, { on: isOn, record, gateway });
      else {
        if (record === undefined || !isOn) io.out('no break-glass switch is on\n');
        else {
          const { id, reason, key, category, expiresAt } = record;
          const until = new Date(expiresAt).toISOString();
          io.out(`${id} for ${category ?? 'all categories'} until ${until}, key ${key}: ${reason}\n`);
        }
        if (options.gateway !== undefined) io.out(`the gateway has ${gateway ?? 'none'}\n`);
      }
      finish(isOn || gateway !== undefined ? EXIT.FOUND : EXIT.OK);
    });
  });

  withOptions(
    breakGlass
      .command('end')
      .description('end the switch before its time; exit code 1 when none is on')
      .option('--reason <text>', 'why', 'ended by the operator'),
    [keyOption(), ...common()],
  ).action((_options: KeyOptions, command: Command) => {
    const options = command.optsWithGlobals<KeyOptions>();
    return withRedis(options.redis, async (redis) => {
      const record = await endSwitch(redis, keyOf(options.key), options.reason ?? 'ended by the operator');
      const seen = record === undefined ? undefined : await seenBy(options.gateway, (id) => id === undefined);
      if (options.json) printJson(io, { ended: record?.id, seen });
      else if (record === undefined) io.out('no break-glass switch is on\n');
      else {
        io.out(`break-glass ${record.id} is ended\n`);
        io.out(seenText(seen, 'the gateway enforces again', 'the gateway still has a switch on'));
      }
      finish(record === undefined || seen === false ? EXIT.FOUND : EXIT.OK);
    });
  });
}

function keyOf(file: string | undefined): SigningKey {
  if (file === undefined) throw new CliFault('name the admin key by --key or IRIS_BREAK_GLASS_KEY_FILE');
  try {
    return signingKey(readFileSync(file, 'utf8'));
  } catch (error) {
    if (error instanceof SigningKeyError) throw new CliFault(`--key: ${error.message}`);
    throw error;
  }
}

function reasonOf(text: string | undefined): string {
  if (text === undefined || text.trim() === '') throw new CliFault('--reason states why');
  if (text.length > 500) throw new CliFault('--reason is longer than 500 characters');
  return text;
}

function durationOf(text: string): number {
  const [, amount, unit] = /^(\d{1,4})(m|h)$/.exec(text) ?? [];
  const ms = Number(amount) * MINUTE_MS * (unit === 'h' ? 60 : 1);
  if (!(ms > 0)) throw new InvalidArgumentError('must be a time such as 30m or 2h.');
  return ms;
}

/** @returns undefined where no gateway is named */
async function seenBy(
  url: string | undefined,
  isSeen: (id: string | undefined) => boolean,
): Promise<boolean | undefined> {
  if (url === undefined) return undefined;
  const endsAt = Date.now() + SEEN_WITHIN_MS;
  do {
    if (isSeen(await gatewaySwitch(url))) return true;
    await sleep(LOOK_MS);
  } while (Date.now() < endsAt);
  return false;
}

/** Id of the switch that a gateway has. @throws CliFault when it gives no answer */
async function gatewaySwitch(url: string | undefined): Promise<string | undefined> {
  if (url === undefined) return undefined;
  try {
    const response = await fetch(new URL('/readyz', url), { signal: AbortSignal.timeout(TIMEOUT_MS) });
    const document = (await response.json()) as { breakGlass?: { id?: unknown } };
    const id = document.breakGlass?.id;
    return typeof id === 'string' ? id : undefined;
  } catch {
    throw new CliFault(`the gateway ${url} gives no answer`);
  }
}

function seenText(seen: boolean | undefined, yes: string, no: string): string {
  if (seen === undefined) return 'gateways take it within 2 s; --gateway shows whether one has\n';
  return `${seen ? yes : no}\n`;
}
