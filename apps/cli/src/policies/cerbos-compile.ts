import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { cerbosBinary } from '@iris/local-pdp';
import { shownPath } from '@iris/policy-files';
import { z } from 'zod';

export interface CompileOptions {
  /** Path of a Cerbos binary; that of the installed package when absent. */
  readonly binary?: string;
  readonly strict: boolean;
  /** Whether attributes are validated by the schemas of the policies. */
  readonly schemas: boolean;
  /** Whether the policies are compiled only. */
  readonly skipTests?: boolean;
}

const detailsSchema = z.looseObject({
  result: z.string(),
  success: z
    .looseObject({
      effect: z.string().optional(),
      outputs: z.array(z.looseObject({ src: z.string(), val: z.unknown() })).default([]),
    })
    .optional(),
  failure: z.looseObject({ expected: z.string().optional(), actual: z.string().optional() }).optional(),
  error: z.string().optional(),
});
const suiteSchema = z.looseObject({
  file: z.string(),
  name: z.string().default(''),
  error: z.string().optional(),
  summary: z.looseObject({ testsCount: z.number().default(0), overallResult: z.string() }),
  testCases: z
    .array(
      z.looseObject({
        name: z.string(),
        principals: z
          .array(
            z.looseObject({
              name: z.string(),
              resources: z.array(
                z.looseObject({
                  name: z.string(),
                  actions: z.array(z.looseObject({ name: z.string(), details: detailsSchema })),
                }),
              ),
            }),
          )
          .default([]),
      }),
    )
    .default([]),
});
export type TestDetails = z.infer<typeof detailsSchema>;
export type TestedSuite = z.infer<typeof suiteSchema>;

export interface CompileReport {
  /** One text for each error, beginning with file, line and column where the compiler gives them. */
  readonly errors: readonly string[];
  readonly suites: readonly TestedSuite[];
}

/**
 * Compiles the policies of a folder and runs the test suites in it.
 *
 * @param shown path of the folder in messages
 * @throws CliFault when there is no Cerbos binary
 */
export async function cerbosCompile(folder: string, shown: string, options: CompileOptions): Promise<CompileReport> {
  const flags = [
    ...['--output=json', '--color=never'],
    ...(options.strict ? ['--strict-evaluation'] : []),
    ...(options.schemas ? [] : ['--ignore-schemas']),
    ...(options.skipTests ? ['--skip-tests'] : []),
  ];
  const child = spawn(cerbosBinary(options.binary), ['compile', ...flags, folder], {
    env: { PATH: process.env.PATH, HOME: process.env.HOME, CERBOS_NO_TELEMETRY: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
  const [code] = await once(child, 'close');
  return readReport(Buffer.concat(out).toString('utf8'), Buffer.concat(err).toString('utf8'), code === 0, shown);
}

/** What the compiler wrote; whatever is not recognised is an error, in its own words. */
function readReport(stdout: string, stderr: string, succeeded: boolean, shown: string): CompileReport {
  const value = jsonOf(stdout);
  const suites = z
    .looseObject({ suites: z.array(suiteSchema).default([]), summary: z.looseObject({}) })
    .safeParse(value);
  if (suites.success) {
    const failed = suites.data.suites.some(({ summary }) => summary.overallResult !== 'RESULT_PASSED');
    return { suites: suites.data.suites, errors: succeeded || failed ? [] : [otherError(stdout, stderr)] };
  }
  const errors = errorsIn(value, shown);
  if (errors.length > 0) return { suites: [], errors };
  const hasNoTests = succeeded && stdout.trim() === '';
  return { suites: [], errors: hasNoTests ? [] : [otherError(stdout, stderr)] };
}

function otherError(stdout: string, stderr: string): string {
  return [stderr.trim(), stdout.trim()].filter(Boolean).join('\n') || 'the compiler failed and gave no reason';
}

const positionSchema = z.looseObject({ line: z.number().optional(), column: z.number().optional() });
const errorSchema = z.looseObject({
  file: z.string().optional(),
  importing_file: z.string().optional(),
  other_file: z.string().optional(),
  error: z.string().optional(),
  description: z.string().optional(),
  desc: z.string().optional(),
  position: positionSchema.optional(),
  error_details: z.looseObject({ position: positionSchema.optional() }).optional(),
});

/** Errors of the compiler are in lists, one or two levels down, by kind. */
function errorsIn(value: unknown, shown: string): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([kind, inner]) =>
    Array.isArray(inner) ? inner.map((one) => errorLine(kind, one, shown)) : errorsIn(inner, shown),
  );
}

function errorLine(kind: string, value: unknown, shown: string): string {
  const parsed = errorSchema.safeParse(value);
  if (!parsed.success) return `${shown}: ${kind}: ${JSON.stringify(value)}`;
  const { file, importing_file, other_file, error, description, desc, position, error_details } = parsed.data;
  const at = position ?? error_details?.position;
  const name = file ?? importing_file;
  const path = name === undefined ? shown : shownPath(join(shown, name));
  const where = [path, at?.line, at?.column].filter((part) => part !== undefined).join(':');
  const other = other_file === undefined ? undefined : `the same policy is defined in ${other_file}`;
  return `${where}: ${description ?? desc ?? error ?? other ?? `${kind}: ${JSON.stringify(value)}`}`;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
