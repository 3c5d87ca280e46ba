import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** Files by their path from the root of the repository; undefined for a file that must not exist. */
export type GeneratedFiles = Readonly<Record<string, string | undefined>>;

/** One step: its name for the progress, and the files that it derives. */
export type Step = readonly [name: string, derive: () => GeneratedFiles | Promise<GeneratedFiles>];

/**
 * Runs steps in order. Writes the files that differ, or with `--check` lists them and sets exit code 1. An error of a
 * step ends the process with one line.
 */
export async function runSteps(steps: readonly Step[]): Promise<void> {
  const isCheck = process.argv.includes('--check');
  for (const [name, derive] of steps) {
    try {
      const files = Object.entries(await derive());
      const different = files.filter(([path, text]) => currentText(path) !== text);
      if (!isCheck) for (const [path, text] of different) replace(path, text);
      process.stdout.write(`${name}: ${files.length} files, ${different.length} ${isCheck ? 'differ' : 'written'}\n`);
      for (const [path] of different) process[isCheck ? 'stderr' : 'stdout'].write(`  ${path}\n`);
      if (isCheck && different.length > 0) process.exitCode = 1;
    } catch (error) {
      process.stderr.write(`generate: ${name}: ${error instanceof Error ? error.message : String(error)}\n`);
      process.exit(1);
    }
  }
}

function currentText(path: string): string | undefined {
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
}

function replace(path: string, text: string | undefined): void {
  if (text === undefined) {
    rmSync(path);
    return;
  }
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

/**
 * The text of a file with the part between two marks replaced. The marks are whole lines that start with the comment
 * sign and hold `generate: <part>` and `generate: end of <part>`; they stay.
 *
 * @throws Error when a mark is missing
 */
export function withPart(path: string, part: string, content: string): string {
  const lines = readFileSync(path, 'utf8').split('\n');
  const start = lines.findIndex((line) => line.trim().startsWith(`# generate: ${part}`));
  const end = lines.findIndex((line) => line.trim().startsWith(`# generate: end of ${part}`));
  if (start < 0 || end < start)
    throw new Error(`${path} has no lines "# generate: ${part}" and "# generate: end of ${part}"`);
  return [...lines.slice(0, start + 1), ...content.split('\n'), ...lines.slice(end)].join('\n');
}
