import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PolicyFolder } from '@iris/policy-files';
import { parse, stringify } from 'yaml';
import { CliFault } from '../exit-codes.js';
import { caseSuites, type ExpectedOutput, type PolicyCases } from './case-suites.js';

/** What each generated test expects of outputs, by file of the suite and name of the test. */
export type ExpectedOutputs = ReadonlyMap<string, Readonly<Record<string, ExpectedOutput>>>;

/**
 * Copies policies and test suites into one folder, as the compiler takes them.
 *
 * @throws CliFault when the cases cannot be turned into suites
 */
export function layOut(source: PolicyFolder, target: string, isStrict: boolean): ExpectedOutputs {
  cpSync(source.pack, target, { recursive: true });
  for (const suites of [source.suites.both, isStrict ? source.suites.strict : source.suites.lenient]) {
    if (suites !== undefined) cpSync(suites, join(target, 'tests', suites.replace(/^.*\//, '')), { recursive: true });
  }
  if (source.cases === undefined) return new Map();
  mkdirSync(join(target, 'tests', 'cases'), { recursive: true });
  return new Map(
    readCases(source.cases).map(({ fileName, suite, outputs }) => {
      const file = join('tests', 'cases', fileName);
      writeFileSync(join(target, file), stringify(suite, { aliasDuplicateObjects: false }));
      return [file, outputs];
    }),
  );
}

function readCases(file: string) {
  try {
    return caseSuites(parse(readFileSync(file, 'utf8'), { merge: true }) as PolicyCases);
  } catch (error) {
    throw new CliFault(`${file}: ${error instanceof Error ? error.message : String(error)}`);
  }
}
