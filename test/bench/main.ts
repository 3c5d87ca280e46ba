import { parseArgs } from 'node:util';
import { run as bodyCost } from './body-cost.js';
import { run as fanOut } from './fan-out.js';
import { run as replay } from './replay.js';
import { asText, type Table } from './table.js';

/** Every benchmark by its name. */
const BENCHMARKS: Readonly<Record<string, () => Promise<Table>>> = {
  'fan-out': fanOut,
  'body-cost': bodyCost,
  replay,
};

const HELP = `npm run bench -- [--json] [NAME ...]   runs the named benchmarks, or all: ${Object.keys(BENCHMARKS).join(', ')}
`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'boolean', default: false }, help: { type: 'boolean', short: 'h', default: false } },
});

if (values.help) {
  process.stdout.write(HELP);
  process.exit(0);
}
const names = positionals.length > 0 ? positionals : Object.keys(BENCHMARKS);
const unknown = names.filter((name) => !Object.hasOwn(BENCHMARKS, name));
if (unknown.length > 0) {
  process.stderr.write(`there is no benchmark ${unknown.join(', ')}\n${HELP}`);
  process.exit(2);
}
for (const name of names) {
  process.stderr.write(`${name} ...\n`);
  const table = await BENCHMARKS[name]?.();
  if (table !== undefined) console.log(values.json ? JSON.stringify(table) : asText(table));
}
process.exit(0);
