import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { run as bodyCost } from './body-cost.js';
import { run as commandEffects } from './command-effects.js';
import { run as contextScale } from './context-scale.js';
import { run as effects } from './effects.js';
import { run as fanOut } from './fan-out.js';
import { run as floor } from './floor.js';
import { run as history } from './history.js';
import { run as maskingCost } from './masking-cost.js';
import { run as peers } from './peers.js';
import { run as profile } from './profile.js';
import { run as replay } from './replay.js';
import { run as scale } from './scale.js';
import { run as shadow } from './shadow.js';
import { run as startUp } from './start-up.js';
import { asMarkdown, asText, type Table } from './table.js';
import { run as worstCase } from './worst-case.js';

/** Every benchmark by its name. */
const BENCHMARKS: Readonly<Record<string, () => Promise<Table>>> = {
  'fan-out': fanOut,
  'body-cost': bodyCost,
  'command-effects': commandEffects,
  'context-scale': contextScale,
  effects,
  floor,
  history,
  'masking-cost': maskingCost,
  peers,
  profile,
  replay,
  scale,
  shadow,
  'start-up': startUp,
  'worst-case': worstCase,
};

const HELP = `npm run bench -- [--json | --markdown] [--out FOLDER] [NAME ...]   runs the named benchmarks, or all

  --json        print JSON instead of text
  --markdown    print Markdown instead of text
  --out FOLDER  write NAME.json there as well

Benchmarks: ${Object.keys(BENCHMARKS).join(', ')}
`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'boolean', default: false },
    markdown: { type: 'boolean', default: false },
    out: { type: 'string' },
    help: { type: 'boolean', short: 'h', default: false },
  },
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
  if (table === undefined) continue;
  console.log(values.json ? JSON.stringify(table) : values.markdown ? asMarkdown(table) : asText(table));
  if (values.out === undefined) continue;
  await mkdir(values.out, { recursive: true });
  await writeFile(join(values.out, `${name}.json`), `${JSON.stringify(table, null, 2)}\n`);
}
process.exit(0);
