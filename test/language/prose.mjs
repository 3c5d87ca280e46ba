import ts from 'typescript';
import { isScalar, parseAllDocuments, visit } from 'yaml';

const PROSE_KEYS = /^(description|summary|message|meaning|title|why|says|note)$/;

/**
 * The prose of a file. Everything else is replaced by spaces, so that an offset in the result is the same in the file.
 * @param {string} path decides the language by its name
 * @param {string} text
 * @returns {string | undefined} undefined for a language without a reader
 */
export function proseOf(path, text) {
  if (/\.md$/.test(path)) return markdown(text);
  if (/\.(tsx?|mjs|cjs|js)$/.test(path)) return script(path, text);
  if (/\.ya?ml$/.test(path)) return yaml(text);
  if (/(\.(sh|proto|tpl|hujson)|Dockerfile|\.ci\/run|\/NOTES\.txt)$/.test(path)) return comments(text);
  return undefined;
}

/** Without code blocks, code spans, targets of links and HTML comments. */
function markdown(text) {
  return [/^```[\s\S]*?^```/gm, /`[^`\n]+`/g, /\]\([^)\n]*\)/g, /<!--[\s\S]*?-->/g].reduce(
    (rest, code) => rest.replace(code, blank),
    text,
  );
}

/** Comments, and the string literals that hold at least three words: messages, descriptions, titles of tests. */
function script(path, text) {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const kept = [];
  const literals = [];
  const take = (node) => {
    if (ts.isStringLiteralLike(node) || ts.isTemplateExpression(node) || ts.isRegularExpressionLiteral(node)) {
      literals.push([node.getStart(source), node.getEnd()]);
      if (!ts.isRegularExpressionLiteral(node)) kept.push(...sentences(node, source));
    }
    ts.forEachChild(node, take);
  };
  take(source);
  kept.push(...matches(without(text, literals), /\/\/.*|\/\*[\s\S]*?\*\//g));
  return only(text, kept);
}

function sentences(node, source) {
  const parts = ts.isTemplateExpression(node)
    ? [node.head, ...node.templateSpans.map(({ literal }) => literal)]
    : [node];
  const words = node.getText(source).match(/[A-Za-z',.]+(?=[\s'"`:;.]|$)/g) ?? [];
  return words.length < 3 ? [] : parts.map((part) => [part.getStart(source), part.getEnd()]);
}

/** Comments, and the values of keys that hold prose, as in alerts and values schemas. */
function yaml(text) {
  const kept = [];
  const values = [];
  for (const document of parseAllDocuments(text, { logLevel: 'silent' })) {
    visit(document, {
      Pair(_, { key, value }) {
        if (!isScalar(value) || typeof value.value !== 'string' || !value.range) return;
        const [start, end] = value.range;
        values.push([start, end]);
        if (PROSE_KEYS.test(String(key))) kept.push([start, end]);
      },
    });
  }
  return only(text, [...kept, ...matches(without(text, values), /(?<=^|\s)#.*/gm)]);
}

function comments(text) {
  return only(text, matches(text, /(?<=^|\s)(#|\/\/).*|\{\{-?\/\*[\s\S]*?\*\//gm));
}

/** The spans of the matches in a text. */
function matches(text, pattern) {
  return [...text.matchAll(pattern)].map(({ index, 0: found }) => [index, index + found.length]);
}

/** Blanks some spans of a text; a span inside another one counts with it. */
function without(text, spans) {
  let rest = '';
  for (const [start, end] of spans.toSorted(([a], [b]) => a - b)) {
    if (end <= rest.length) continue;
    rest += text.slice(rest.length, start) + blank(text.slice(Math.max(rest.length, start), end));
  }
  return rest + text.slice(rest.length);
}

/** Keeps some spans of a text, without the code spans in comments. */
function only(text, spans) {
  let kept = '';
  for (const [start, end] of spans.toSorted(([a], [b]) => a - b)) {
    if (end <= kept.length) continue;
    kept += blank(text.slice(kept.length, start)) + text.slice(Math.max(kept.length, start), end);
  }
  kept += blank(text.slice(kept.length));
  // A template literal begins with the same sign as a code span, so only spans inside a line of a comment are code.
  return kept.replace(/^\s*(\*|\/\/|\/\*\*?|#).*$/gm, (line) => line.replace(/`[^`\n]+`/g, blank));
}

function blank(text) {
  return text.replace(/[^\n]/g, ' ');
}
