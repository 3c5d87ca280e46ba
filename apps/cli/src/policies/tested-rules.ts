import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PolicyRule } from '@iris/policy-files';
import { filesIn, isTestSuite, type PolicyFolder } from '@iris/policy-files';
import { isMap, isSeq, parseAllDocuments, stringify } from 'yaml';
import { cerbosCompile } from './cerbos-compile.js';
import { layOut } from './lay-out.js';

/** The key of the output by which a rule of the marked copy is recognised. */
const MARK = 'iris_rule';

/**
 * Finds the rules that a test needs: an ALLOW rule that alone allows a call in a passing test, a DENY rule that is active
 * in a passing test that expects a denial. The tests run
 * on a copy of the policies in which each rule has its own mark as output.
 *
 * @throws CliFault when there is no Cerbos binary
 */
export async function testedRules(
  folder: PolicyFolder,
  rules: readonly PolicyRule[],
  binary?: string,
): Promise<ReadonlySet<PolicyRule>> {
  const copy = mkdtempSync(join(tmpdir(), 'iris-marked-'));
  try {
    layOut(folder, copy, true);
    for (const [index, rule] of rules.entries()) markRule(copy, rule, index);
    for (const file of filesIn(copy).filter(isTestSuite)) dropExpectedOutputs(join(copy, file));
    const { suites } = await cerbosCompile(copy, folder.pack, { binary, strict: true, schemas: true });
    const active = new Set<PolicyRule>();
    for (const { success, result } of suites.flatMap(detailsOf)) {
      if (result !== 'RESULT_PASSED') continue;
      const deciding = new Set(
        (success?.outputs ?? [])
          .map(({ val }) => rules[indexOf(val)])
          .filter((rule) => rule !== undefined && rule.effect === success?.effect),
      );
      // A call that a second rule allows as well stays allowed when the first one is wrong.
      if (success?.effect === 'EFFECT_ALLOW' && deciding.size > 1) continue;
      for (const rule of deciding) if (rule !== undefined) active.add(rule);
    }
    return active;
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

function detailsOf({ testCases }: Awaited<ReturnType<typeof cerbosCompile>>['suites'][number]) {
  return testCases
    .flatMap(({ principals }) => principals)
    .flatMap(({ resources }) => resources)
    .flatMap(({ actions }) => actions.map(({ details }) => details));
}

function indexOf(value: unknown): number {
  const mark = typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[MARK] : undefined;
  return typeof mark === 'string' ? Number(mark) : -1;
}

function markRule(folder: string, { file, document, path }: PolicyRule, index: number): void {
  edit(join(folder, file.file), (documents) =>
    documents[document]?.setIn([...path, 'output'], {
      when: { ruleActivated: JSON.stringify({ [MARK]: `${index}` }) },
    }),
  );
}

/** The marked rules have other outputs than the tests expect. */
function dropExpectedOutputs(file: string): void {
  edit(file, ([suite]) => {
    const tests: unknown = suite?.get('tests');
    if (!isSeq(tests)) return;
    tests.items.forEach((_, test) => {
      const expected: unknown = suite?.getIn(['tests', test, 'expected']);
      if (!isSeq(expected)) return;
      for (const one of expected.items) if (isMap(one)) one.delete('outputs');
    });
  });
}

function edit(file: string, change: (documents: ReturnType<typeof parseAllDocuments>) => void): void {
  const documents = parseAllDocuments(readFileSync(file, 'utf8'), { merge: true });
  change(documents);
  const texts = documents.map((document) =>
    file.endsWith('.json') ? JSON.stringify(document.toJS()) : stringify(document, { lineWidth: 0 }),
  );
  writeFileSync(file, texts.join('---\n'));
}
