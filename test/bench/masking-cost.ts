import type { JsonObject } from '@iris/contracts';
import { Masker } from '@iris/evidence';
import { round, type Table } from './table.js';

const MEGABYTE = 1024 * 1024;
const RUNS = 8;
/** Below the size at which a text is replaced by its hash, in characters. */
const TEXT = 2000;
/** Parameters of one call, in characters: below the size at which they are replaced whole. */
const PARAMETERS = 60_000;

/**
 * What masking costs by what the parameters hold, against plain text. Times are processor times in ms per MB, the best
 * of several runs, since other work on the machine only ever adds.
 */
export async function run(): Promise<Table> {
  const plain = costOf(texts('The quick brown fox reads the file again, and finds nothing new. '));
  const rows = Object.entries(SHAPES)
    .map(([name, params]) => ({ name, cost: costOf(params) }))
    .sort((one, other) => other.cost - one.cost)
    .map(({ name, cost }) => [name, round(cost), round(cost / plain)]);
  return {
    title: 'Cost of masking by shape, in processor time',
    columns: ['parameters', 'ms per MB', 'x plain text'],
    rows: [...rows, ['plain text', round(plain), 1]],
    goals: [{ what: 'the slowest shape against plain text', measured: Number(rows[0]?.[2]), atMost: 10 }],
  };
}

/** Parameters whose texts repeat a unit. The index at the end keeps each text from being remembered as clean. */
function texts(unit: string): JsonObject {
  const list = Array.from({ length: PARAMETERS / TEXT }, (_, index) => unit.repeat(TEXT).slice(0, TEXT) + index);
  return { list };
}

function keys(name: (index: number) => string): JsonObject {
  const object: JsonObject = {};
  for (let index = 0, size = 0; size < PARAMETERS; index += 1) {
    object[name(index)] = 1;
    size += name(index).length + 4;
  }
  return object;
}

function nested(text: string, levels: number): string {
  let inner = text;
  for (let level = 0; level < levels; level += 1) inner = JSON.stringify([inner]);
  return inner;
}

const UNITS = [
  ...['.', 'a.', '-a.', '-a.-a.', '-', '_', ' ', '\n', 'a', '0', '://', '://a:', '@', '\\', '"', 'eyJ', 'eyJaaaaaaaa.'],
  ...[
    'sk-',
    'ghp_a',
    'key-a',
    'token',
    'token ',
    '--token ',
    '-token=',
    'token-',
    'password',
    'password\\',
    "password'",
  ],
  ...['authorization: ', 'Bearer ', 'curl -u ', ' -u', 'mysql -p', ' -p', 'http ', '-----BEGIN PRIVATE KEY-----'],
  ...['0000 ', '000 ', '00-', 'AA00 ', 'AA00', 'SG.aaaaaaaaaaaaaaaa', '?sig=', '[masked', 'identified by ', 'AKIA'],
];

const SHAPES: Readonly<Record<string, JsonObject>> = {
  ...Object.fromEntries(UNITS.map((unit) => [`texts of ${JSON.stringify(unit)}`, texts(unit)])),
  'keys that are one secret each': keys((index) => `sk-aaaaaaaaaaaa${1_000_000 + index}`),
  'keys of secrets and their numbers': keys((index) =>
    index % 2 ? `AKIA${String(index).padStart(16, 'A')}` : `k (${index})`,
  ),
  'short keys': keys((index) => `k${index}`),
  'long keys': keys((index) => `${'a_'.repeat(500)}${index}`),
  'keys of words': keys((index) => `dbPasswordOfTheUserNumber${index}`),
  'JSON in texts': { list: Array.from({ length: 30 }, (_, index) => nested(`a.a.${index}`.repeat(50), 5)) },
  'half of JSON in texts': texts('[{"a":'),
};

function costOf(params: JsonObject): number {
  const size = JSON.stringify(params).length / MEGABYTE;
  const times: number[] = [];
  for (let index = 0; index < RUNS; index += 1) {
    const masker = new Masker({ maxBytes: 2 * PARAMETERS });
    const start = process.cpuUsage();
    for (let call = 0; call < 4; call += 1) masker.parameters(params);
    const { user, system } = process.cpuUsage(start);
    times.push((user + system) / 1000 / 4 / size);
  }
  return Math.min(...times);
}
