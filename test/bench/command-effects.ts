import { compilePrograms, readEffects } from '@iris/call-effects';
import { loadCatalog } from '@iris/tool-catalog';
import { round, type Table } from './table.js';

const MAX_LENGTH = 32_700;
const RUNS = 5;

const EVERYDAY = {
  'git status': 'git status --short && git diff --stat',
  'npm test': 'npm test -- --watch=false',
  'a pipeline': "grep -rn foo src --include='*.ts' | head -20 | awk '{print $1}'",
  'local psql': "psql -h localhost -U app -c 'select 1'",
  'production psql': "psql -h orders-prod.db.lumen.example -c 'DROP TABLE x'",
};

/** Units that fill a command up to the limit of its length. */
const FILLED = {
  commands: 'a;',
  pipes: 'a|',
  lists: 'a&&',
  words: 'foo a ',
  options: 'kubectl --x ',
  verbs: 'aws get-x ',
  substitutions: '$(a) ',
  backquotes: '`a` ',
  variables: '$x ',
  braces: '{a,b}',
  clients: 'psql -h dev;',
  wrappers: 'sudo --x ',
  patterns: 'p*l;',
  arrays: 'a=(x y);',
  aliases: 'alias a=b;',
  shells: "bash -c 'a';",
  settings: 'git -c core.pager=a;',
  quotes: "''",
  hosts: 'eval $x a.b ',
  functions: 'f() { a=b; };',
  loops: 'for x in a; do b; done;',
  environment: 'A=b env ',
  errors: ') psql ',
  code: `python -c '"psql"';`,
  statements: `psql -c '\\! a';`,
  redirections: '> b ',
};

/** What reading one command costs in ms: the best of several runs, since other work on the machine only ever adds. */
export async function run(): Promise<Table> {
  const catalog = loadCatalog({ path: 'policies/catalog.yaml' });
  const programs = compilePrograms(catalog.programs, catalog.environments, catalog.systemOfHost);
  const costOf = (command: string, repeats: number): number => {
    let best = Number.POSITIVE_INFINITY;
    for (let round = 0; round < RUNS; round++) {
      const start = performance.now();
      for (let repeat = 0; repeat < repeats; repeat++) {
        readEffects({ tool: 'Bash', params: { command } }, programs, catalog.environmentOfTarget);
      }
      best = Math.min(best, (performance.now() - start) / repeats);
    }
    return best;
  };
  const everyday = Object.entries(EVERYDAY).map(([name, command]) => [name, costOf(command, 500)] as const);
  const filled = Object.entries(FILLED).map(
    ([name, unit]) => [name, costOf(unit.repeat(Math.floor(MAX_LENGTH / unit.length)), 1)] as const,
  );
  const sorted = [...everyday, ...filled].sort(([, one], [, other]) => other - one);
  return {
    title: 'Cost of reading the effects of a command, in ms',
    columns: ['command', 'ms'],
    rows: sorted.map(([name, cost]) => [name, round(cost)]),
    goals: [
      {
        what: 'the slowest everyday command',
        measured: round(Math.max(...everyday.map(([, cost]) => cost))),
        atMost: 0.5,
      },
      {
        what: 'the slowest command of 32 KB',
        measured: round(Math.max(...filled.map(([, cost]) => cost))),
        atMost: 50,
      },
    ],
  };
}
