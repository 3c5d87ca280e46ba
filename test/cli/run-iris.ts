import { Readable } from 'node:stream';
import { runCli } from '../../apps/cli/src/run-cli.js';

/** What a run of the command line came to. */
export interface IrisRun {
  readonly code: number;
  readonly out: string;
  readonly err: string;
  /** The output as JSON; throws when it is none. */
  json<T = Record<string, unknown>>(): T;
}

/** Runs a command of `iris` in this process. */
export async function runIris(args: readonly string[], stdin = ''): Promise<IrisRun> {
  let out = '';
  let err = '';
  const code = await runCli(args, {
    out: (text) => {
      out += text;
    },
    err: (text) => {
      err += text;
    },
    stdin: Readable.from([stdin]),
    isTerminal: false,
  });
  return { code, out, err, json: () => JSON.parse(out) };
}

interface FoundFinding {
  readonly id: string;
  readonly subject: string;
  readonly detail: string;
  readonly fix: string;
}

/** The findings of a doctor's run. */
export async function findingsOf(args: readonly string[]): Promise<FoundFinding[]> {
  const run = await runIris(['doctor', '--json', ...args]);
  const { findings } = run.json<{ findings: FoundFinding[] }>();
  if ((run.code === 1) !== findings.length > 0) throw new Error(`exit code ${run.code} does not fit: ${run.out}`);
  return findings;
}
