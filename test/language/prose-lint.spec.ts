import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';

interface Rule {
  readonly phrase: string;
  readonly write: string;
  readonly example: string;
}

const RULES = parse(readFileSync('test/language/phrases.yaml', 'utf8')) as readonly Rule[];
const folder = mkdtempSync(join(tmpdir(), 'iris-prose-'));

/** What the lint prints about a file, one line for each finding. */
function lint(name: string, text: string): { readonly code: number | null; readonly lines: string[] } {
  const path = join(folder, name);
  writeFileSync(path, text);
  const { status, stdout } = spawnSync(process.execPath, ['test/language/prose-lint.mjs', path], { encoding: 'utf8' });
  return { code: status, lines: stdout.split('\n').filter((line) => line !== '') };
}

const quoted = (text: string) => JSON.stringify(text);

/** One line of prose for each rule, as a language writes it. */
const PROSE: ReadonlyArray<readonly [string, (example: string) => string]> = [
  ['page.md', (example) => `${example}.`],
  ['comment.ts', (example) => `// ${example}.`],
  ['title.ts', (example) => `it(${quoted(`${example} here now`)}, () => {});`],
  ['template.ts', (example) => `log(\`\${name}: ${example} here now\`);`],
  ['block.mjs', (example) => `/** ${example}. */`],
  ['comment.yaml', (example) => `# ${example}.`],
  ['script.sh', (example) => `ls # ${example}.`],
];

describe('the prose lint', () => {
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it.each(PROSE)('reports every phrase of the table in %s, with its line and what to write', (name, write) => {
    const { code, lines } = lint(name, RULES.map(({ example }) => write(example)).join('\n'));
    expect(code).toBe(1);
    const missing = RULES.filter(
      (rule, index) =>
        !lines.some((line) => line.includes(`${name}:${index + 1} `) && line.endsWith(`write ${rule.write}`)),
    );
    expect(missing).toEqual([]);
  });

  it('reports descriptions in YAML, and phrases that continue on the next line', () => {
    expect(lint('alerts.yaml', 'a: 1\ndescription: Redis is away.\n').lines).toEqual([
      expect.stringMatching(/alerts\.yaml:2 "is away": write unavailable$/),
    ]);
    expect(lint('wrapped.ts', '/**\n * While the vendor is\n * away.\n */').lines).toEqual([
      expect.stringMatching(/wrapped\.ts:2 "is away": write unavailable$/),
    ]);
  });

  it.each([
    ['terms.md', 'The fault matrix and fault injection. Say `git push origin`, then `array.push(1)`. A Slack room.'],
    ['blocks.md', '```sh\ndocker push image\necho "it says tells"\n```\nSee [it](docs/what-it-says.md).'],
    ['code.ts', 'list.push(says); const tells = walk.rooms; const fault = /it says/; // `tells` is a name'],
    ['literals.ts', "const kind = 'says'; run(`git push`);"],
    ['values.yaml', 'command: echo what it says and tells'],
    ['script.sh', 'git push "$says"; echo "it tells"'],
  ])('ignores terms and code: %s', (name, text) => {
    expect(lint(name, text)).toEqual({ code: 0, lines: [] });
  });
});
