// Reports phrases of phrases.yaml in the prose of the repository, or of the files that are given as arguments.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { proseOf } from './prose.mjs';

const GENERATED =
  /(^|\/)(generated|fixtures|examples|node_modules)\/|^test\/language\/(phrases\.yaml|prose-lint\.spec\.ts)$|package-lock\.json$/;

// Between two words: in a comment a line begins with the sign of the comment.
const GAP = '(?:[ \\t]+|[ \\t]*\\n[ \\t]*(?:\\*|//|#)?[ \\t]*)';

const phrases = parse(readFileSync(new URL('phrases.yaml', import.meta.url), 'utf8')).map((rule) => ({
  ...rule,
  pattern: new RegExp(`(?<![\\w-])(?:${rule.phrase.replaceAll(' ', GAP)})(?![\\w-])`, 'gi'),
}));

const named = process.argv.slice(2);
const tracked = () =>
  execFileSync('git', ['ls-files'], { encoding: 'utf8', maxBuffer: 16 * 1024 * 1024 })
    .split('\n')
    .filter((path) => path !== '' && !GENERATED.test(path));

let findings = 0;
for (const path of named.length > 0 ? named : tracked()) {
  let text;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    // A tracked file may be deleted and not yet committed.
    if (error.code === 'ENOENT' && named.length === 0) continue;
    throw error;
  }
  const prose = proseOf(path, text);
  if (prose === undefined) continue;
  for (const { pattern, write, outside = [] } of phrases) {
    if (outside.some((folder) => path.includes(folder))) continue;
    for (const { index, 0: found } of prose.matchAll(pattern)) {
      const line = prose.slice(0, index).split('\n').length;
      console.log(`${path}:${line} "${found.replace(/\s+([*#]|\/\/)?\s*/g, ' ')}": write ${write}`);
      findings += 1;
    }
  }
}
if (findings > 0) console.error(`${findings} phrases to replace; the table is test/language/phrases.yaml`);
process.exitCode = findings > 0 ? 1 : 0;
