import { isMap, isNode, type YAMLMap } from 'yaml';
import { z } from 'zod';
import type { PolicyFile } from './policy-folder.js';

/** A condition of Cerbos. Source: https://docs.cerbos.dev/cerbos/latest/policies/conditions */
export interface Match {
  readonly expr?: string;
  readonly all?: { readonly of: readonly Match[] };
  readonly any?: { readonly of: readonly Match[] };
  readonly none?: { readonly of: readonly Match[] };
}

const matchSchema: z.ZodType<Match> = z.lazy(() => {
  const of = z.looseObject({ of: z.array(matchSchema) }).optional();
  return z.looseObject({ expr: z.string().optional(), all: of, any: of, none: of });
});

const names = z.array(z.string()).nullish();
const ruleSchema = z.looseObject({
  name: z.string().optional(),
  effect: z.string().optional(),
  actions: names,
  action: z.string().optional(),
  roles: names,
  derivedRoles: names,
  condition: z.looseObject({ match: matchSchema.optional() }).nullish(),
  output: z.looseObject({ when: z.looseObject({ ruleActivated: z.string().optional() }).optional() }).nullish(),
});

/** What a comment in a rule excuses: `# lint: no-role <reason>` or `# lint: no-test <reason>`. */
export type Excuse = 'no-role' | 'no-test';

/** A rule of a resource policy, or an action of a principal policy. */
export interface PolicyRule {
  readonly kind: 'resource' | 'principal';
  readonly file: PolicyFile;
  /** Place of the document in the file, and of the rule in the document. */
  readonly document: number;
  readonly path: readonly (string | number)[];
  readonly line: number;
  /** The rule as the file has it, without the indentation of the list. */
  readonly text: string;
  readonly name?: string;
  readonly effect?: string;
  readonly actions: readonly string[];
  readonly roles: readonly string[];
  readonly derivedRoles: readonly string[];
  readonly condition?: Match;
  readonly hasOutput: boolean;
  /** Reasons by what they excuse; empty when the comment gives none. */
  readonly excuses: ReadonlyMap<Excuse, string>;
}

const EXCUSE = /^[^#]*#\s*lint:\s*(no-role|no-test)\b[:,]?\s*(.*)$/;

/** The rules of all policies in the order of the files. A rule that the compiler refuses may be missing. */
export function policyRules(files: readonly PolicyFile[]): PolicyRule[] {
  return files.flatMap((file) =>
    file.documents.flatMap((document, index) => {
      if (!isNode(document.contents) || !isMap(document.contents)) return [];
      return [
        ...rulesBelow(file, index, 'resource', ['resourcePolicy', 'rules']),
        ...listAt(file, index, ['principalPolicy', 'rules']).flatMap((_, rule) =>
          rulesBelow(file, index, 'principal', ['principalPolicy', 'rules', rule, 'actions']),
        ),
      ];
    }),
  );
}

function listAt(file: PolicyFile, document: number, path: readonly (string | number)[]): unknown[] {
  const list: unknown = file.documents[document]?.getIn(path);
  return isNode(list) && 'items' in list && Array.isArray(list.items) ? list.items : [];
}

function rulesBelow(
  file: PolicyFile,
  document: number,
  kind: PolicyRule['kind'],
  list: readonly (string | number)[],
): PolicyRule[] {
  return listAt(file, document, list).flatMap((node, index) => {
    if (!isMap(node)) return [];
    const [start, end] = (node as YAMLMap).range ?? [0, 1];
    const parsed = ruleSchema.safeParse(node.toJS(file.documents[document] as Parameters<typeof node.toJS>[0]));
    if (!parsed.success) return [];
    const { name, effect, actions, action, roles, derivedRoles, condition, output } = parsed.data;
    const line = lineOf(file, start);
    const text = textOf(file, line, lineOf(file, Math.max(start, end - 1)));
    return [
      {
        ...{ kind, file, document, path: [...list, index], line, text, name, effect },
        actions: actions ?? (action === undefined ? [] : [action]),
        roles: roles ?? [],
        derivedRoles: derivedRoles ?? [],
        condition: condition?.match,
        hasOutput: output?.when?.ruleActivated !== undefined,
        excuses: excusesOf(file, line, lineOf(file, Math.max(start, end - 1))),
      },
    ];
  });
}

function lineOf(file: PolicyFile, offset: number): number {
  return file.lines.linePos(offset).line;
}

function textOf(file: PolicyFile, from: number, to: number): string {
  const lines = file.text.split('\n').slice(from - 1, to);
  const indent = /^\s*/.exec(lines[0] ?? '')?.[0].length ?? 0;
  const cut = (line: string) => (line.slice(0, indent).trim() === '' ? line.slice(indent) : line.trimStart());
  return lines.map(cut).join('\n').trimEnd();
}

/** Comments of a rule are the lines directly above it and those within it. */
function excusesOf(file: PolicyFile, from: number, to: number): Map<Excuse, string> {
  const lines = file.text.split('\n');
  let first = from - 1;
  while (first > 0 && /^\s*#/.test(lines[first - 1] ?? '')) first -= 1;
  return new Map(
    lines.slice(first, to).flatMap((line): [Excuse, string][] => {
      const [, excuse, reason = ''] = EXCUSE.exec(line) ?? [];
      return excuse === undefined ? [] : [[excuse as Excuse, reason.trim()]];
    }),
  );
}
