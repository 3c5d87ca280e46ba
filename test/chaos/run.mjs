/**
 * Runs fault tests by area: `run.mjs [area...] [--minutes N]`. Areas are the names of the files, or parts of them:
 * vendors, redis, pdp, enrichers, gateway, machine, collector, sink, evidence, worst-case, soak. Without one all run.
 * The test command has a short form of them. --minutes sets how long the soak takes.
 */
import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';

const { values, positionals } = parseArgs({ allowPositionals: true, options: { minutes: { type: 'string' } } });
const areas = positionals.map((area) => area.replace(/^test\/chaos\//, ''));
const pattern = areas.length === 0 ? 'test/chaos/' : `test/chaos/.*(${areas.join('|')})`;
const { status } = spawnSync(
  process.execPath,
  [
    '--experimental-vm-modules',
    'node_modules/jest/bin/jest.js',
    '--runInBand',
    ...['--testMatch', '**/test/chaos/*.{chaos,spec}.ts'],
    ...['--testPathIgnorePatterns', 'short-matrix', '/node_modules/'],
    ...['--testPathPatterns', pattern],
  ],
  {
    stdio: 'inherit',
    env: {
      ...process.env,
      ...(values.minutes === undefined ? {} : { SOAK_MINUTES: values.minutes }),
    },
  },
);
process.exit(status ?? 1);
