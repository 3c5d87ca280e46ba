import { writeFileSync } from 'node:fs';

export interface SoakRow {
  readonly name: string;
  /** Mean of the second quarter of the run: the first is warming up. */
  readonly first: number;
  /** Mean of the last quarter. */
  readonly last: number;
  readonly limit: number;
}

/** Prints the table and, with UPDATE_DOCS=1, writes it. */
export function writeSoak(minutes: number, hooks: number, rows: readonly SoakRow[]): void {
  const lines = rows.map(
    ({ name, first, last, limit }) => `| ${name} | ${first.toFixed(0)} | ${last.toFixed(0)} | ${limit.toFixed(0)} |`,
  );
  const table = `| What | Second quarter | Last quarter | Bound |\n| --- | --- | --- | --- |\n${lines.join('\n')}\n`;
  process.stdout.write(`\nsoak of ${minutes} minutes, ${hooks} hooks\n${table}`);
  if (process.env.UPDATE_DOCS !== '1') return;
  writeFileSync(
    'docs/soak.md',
    `# Soak

${minutes} minutes under 10 hooks/s of seven kinds, most of them about people whom nobody has asked for before, while
each vendor, Redis and the PDP fail in turn for 3 s of every 6 s: ${hooks} hooks. Each was answered with a valid verdict,
none that policy denies passed, and the evidence of each was delivered. Means of the second and the last quarter of the
run, since processes warm up in the first.

Made by \`UPDATE_DOCS=1 npm run chaos -- soak --minutes ${minutes}\`.

${table}`,
  );
}
