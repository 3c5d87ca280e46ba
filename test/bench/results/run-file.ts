import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';

const SCHEMA = 'iris.bench.v1';
/** A JSON file has no NaN or infinity, so a figure that is none fails here, not on the page. */
const figure = z.number();

const goalSchema = z.object({
  what: z.string(),
  measured: figure,
  atMost: figure.optional(),
  atLeast: figure.optional(),
});

const measureSchema = z.object({
  name: z.string(),
  unit: z.enum(['x', 'ms', 'MB', 'count']),
  better: z.enum(['less', 'more']),
  blocks: z.array(figure),
  value: figure,
});

const tableSchema = z.object({
  title: z.string(),
  columns: z.array(z.string()),
  rows: z.array(z.array(z.union([z.string(), figure]))),
  goals: z.array(goalSchema).optional(),
  notes: z.array(z.string()).optional(),
  measures: z.array(measureSchema).optional(),
  figures: z.record(z.string(), figure).optional(),
});

const benchmarkSchema = z.object({
  seconds: figure,
  /** Load average over a minute when it started: work of others on the machine. */
  load: figure,
  table: tableSchema.optional(),
  /** Why there is no table. */
  error: z.string().optional(),
});

const runSchema = z.object({
  schema: z.literal(SCHEMA),
  startedAt: z.string(),
  commit: z.object({ id: z.string(), hasChanges: z.boolean() }),
  machine: z.object({
    cpu: z.string(),
    cores: z.number().int(),
    memoryMegabytes: figure,
    kernel: z.string(),
  }),
  versions: z.object({ node: z.string(), iris: z.string(), pdp: z.string(), redis: z.string() }),
  benchmarks: z.record(z.string(), benchmarkSchema),
});

/** All results of one run of `npm run bench`. */
export type BenchRun = z.infer<typeof runSchema>;

/** A file that is no result of `npm run bench`, or not enough of one. The message names the file and the fix. */
export class RunFileError extends Error {}

/** An empty result. */
export function newRun(about: Pick<BenchRun, 'commit' | 'machine' | 'versions'>): BenchRun {
  return { schema: SCHEMA, startedAt: new Date().toISOString(), ...about, benchmarks: {} };
}

/** Replaces the file as a whole, so that a run that is stopped leaves what it has measured. */
export async function writeRun(path: string, run: BenchRun): Promise<void> {
  const text = `${JSON.stringify(runSchema.parse(run), null, 1)}\n`;
  await mkdir(dirname(path), { recursive: true });
  await writeFile(`${path}.new`, text);
  await rename(`${path}.new`, path);
}

/** @throws RunFileError when the file cannot be read or is not of this form */
export async function readRun(path: string): Promise<BenchRun> {
  let content: unknown;
  try {
    content = JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    throw new RunFileError(
      `${path}: ${error instanceof SyntaxError ? 'is not JSON' : String((error as Error).message)}`,
    );
  }
  const parsed = runSchema.safeParse(content);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new RunFileError(
    `${path}: is no result of npm run bench (${SCHEMA}): ${issue?.path.join('.') || 'the file'}: ${issue?.message}`,
  );
}
