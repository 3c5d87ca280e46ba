import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

interface Part {
  readonly root: string;
  readonly shared: readonly string[];
  readonly stages: Readonly<Record<string, { readonly does: string; readonly imports: readonly string[] }>>;
}

const PARTS: Readonly<Record<string, Part>> = JSON.parse(readFileSync('stages.json', 'utf8'));
const PAGE = 'docs/architecture.md';
const TABLE = /<!-- stages -->\n[\s\S]*?<!-- \/stages -->/;

function tableOf(): string {
  const rows = Object.values(PARTS).flatMap(({ root, stages }) =>
    Object.entries(stages).map(
      ([stage, { does, imports }]) => `| \`${root}/${stage}\` | ${does} | ${imports.join(', ') || '-'} |`,
    ),
  );
  const head = ['| Folder | Does | Imports |', '| --- | --- | --- |'];
  return ['<!-- stages -->', '', ...head, ...rows, '', '<!-- /stages -->'].join('\n');
}

describe('the matrix of stages', () => {
  it.each(Object.entries(PARTS))('lists every folder of %s', (_part, { root, shared, stages }) => {
    const folders = readdirSync(root, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    const listed = [...shared, ...Object.keys(stages)];
    expect(
      folders
        .map(({ name }) => name)
        .filter((name) => name !== 'testing')
        .sort(),
    ).toEqual(listed.sort());
  });

  it('is the table of the architecture page', () => {
    const page = readFileSync(PAGE, 'utf8');
    expect(page).toMatch(TABLE);
    if (process.env.UPDATE_DOCS === '1')
      writeFileSync(
        PAGE,
        page.replace(TABLE, () => tableOf()),
      );
    else expect(TABLE.exec(page)?.[0]).toBe(tableOf());
  });
});

describe('the dependency rules of stages', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'stages-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  function cruise(files: Readonly<Record<string, string>>): string {
    const matrix = { part: { root: 'src', shared: ['shared'], stages: { a: { imports: ['b'] }, b: { imports: [] } } } };
    const rules = JSON.stringify(resolve('stage-rules.cjs'));
    const config = `module.exports = { forbidden: require(${rules})(${JSON.stringify(matrix)}) };`;
    for (const [path, text] of Object.entries({ 'package.json': '{"type":"module"}', 'rules.cjs': config, ...files })) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text);
    }
    const command = resolve('node_modules/.bin/depcruise');
    return spawnSync(command, ['--config', 'rules.cjs', 'src'], { cwd: folder, encoding: 'utf8' }).stdout;
  }

  it.each([
    ['src/b/x.js', 'src/a/y.js', 'part-stage-b'],
    ['src/a/x.js', 'src/b/y.js', 'part-stage-a-entries'],
    ['src/shared/x.js', 'src/b/y.js', 'part-shared-imports-no-stage'],
  ])('find an import of %s from %s', (from, to, rule) => {
    const found = cruise({ [from]: `import '../../${to}';`, [to]: '' });
    expect(found).toContain(`error ${rule}: ${from}`);
  });

  it('find a file that composes stages and imports an inner file of one', () => {
    expect(cruise({ 'src/app.js': "import './b/y.js';", 'src/b/y.js': '' })).toContain(
      'error part-entries: src/app.js',
    );
    expect(cruise({ 'src/app.js': "import './b/index.js';", 'src/b/index.js': '' })).toContain('no dependency');
  });

  it('find nothing in an import that is listed', () => {
    expect(cruise({ 'src/a/x.js': "import '../shared/y.js';", 'src/shared/y.js': '' })).toContain(
      'no dependency violations',
    );
  });
});
