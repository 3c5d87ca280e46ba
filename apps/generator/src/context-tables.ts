import { readFileSync } from 'node:fs';
import { FLATTENED_ATTRIBUTES, type SourceSettings, sourceRegistrySchema } from '@iris/contracts';
import { parse } from 'yaml';

/** The tables of `docs/context.md` that are made from the code and the source registry, by the name of their place. */
export function contextTables(registryFile: string): Readonly<Record<string, string>> {
  const { sources } = sourceRegistrySchema.parse(parse(readFileSync(registryFile, 'utf8')));
  return {
    freshness: table(
      [
        'Source',
        'Asked by',
        'Fresh',
        'Usable, marked stale, until',
        'Not found kept',
        'Bulk read every',
        'Whole one every',
      ],
      Object.entries(sources).map(([id, settings]) => [`\`${id}\``, ...freshness(settings)]),
    ),
    precedence: table(
      ['Attribute', 'Type', 'From, the first that knows it', 'Meaning'],
      FLATTENED_ATTRIBUTES.map(({ path, type, from, meaning }) => [
        `\`${path}\``,
        `\`${type}\``,
        from.map((one) => `\`${one}\``).join(', '),
        meaning,
      ]),
    ),
  };
}

/** Puts each table between its marks, `<!-- <name> -->` and `<!-- /<name> -->`. @throws Error when a mark is missing */
export function withTables(text: string, tables: Readonly<Record<string, string>>): string {
  return Object.entries(tables).reduce((filled, [name, content]) => {
    const [before, rest] = filled.split(`<!-- ${name} -->\n`);
    const after = rest?.split(`<!-- /${name} -->`)[1];
    if (before === undefined || after === undefined) throw new Error(`there is no place for the table ${name}`);
    return `${before}<!-- ${name} -->\n\n${content}\n\n<!-- /${name} -->${after}`;
  }, text);
}

function freshness(settings: SourceSettings): string[] {
  return [
    settings.subject === 'login' ? 'login name' : 'stable node id',
    span(settings.freshSeconds),
    span(settings.staleSeconds),
    span(settings.notFoundSeconds),
    settings.bulkSeconds === 0 ? 'never' : span(settings.bulkSeconds),
    settings.bulkSeconds === 0 ? 'never' : span(Math.max(settings.bulkSeconds, settings.fullBulkSeconds)),
  ];
}

function span(seconds: number): string {
  if (seconds % 3600 === 0) return `${seconds / 3600} h`;
  return seconds % 60 === 0 ? `${seconds / 60} min` : `${seconds} s`;
}

/** Columns are padded, as the formatter has them. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[], fill = ' ') =>
    `| ${widths.map((width, column) => (cells[column] ?? '').padEnd(width, fill)).join(' | ')} |`;
  return [line(head), line([], '-'), ...rows.map((row) => line(row))].join('\n');
}
