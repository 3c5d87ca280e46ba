import { z } from 'zod';
import type { PolicyFile } from './policy-folder.js';
import type { Match, PolicyRule } from './policy-rules.js';

const texts = z.record(z.string(), z.string());
const documentSchema = z.looseObject({
  exportVariables: z.looseObject({ definitions: texts.default({}) }).optional(),
  exportConstants: z.looseObject({ definitions: z.record(z.string(), z.unknown()).default({}) }).optional(),
  derivedRoles: z
    .looseObject({
      definitions: z.array(
        z.looseObject({ name: z.string(), condition: z.looseObject({ match: z.unknown() }).optional() }),
      ),
    })
    .optional(),
  resourcePolicy: z.looseObject({ variables: z.looseObject({ local: texts.default({}) }).optional() }).optional(),
});

/** One expression with the attributes that it reads itself, and the values that it names. */
export interface ExpressionPart {
  readonly text: string;
  /** How many names lie between the rule and the expression: 0 is the condition itself. */
  readonly depth: number;
}

const MAX_PARTS = 500;

/** What names in the conditions of policies stand for: variables, constants and derived roles. */
export class Expressions {
  private readonly variables = new Map<string, string>();
  private readonly constants = new Map<string, unknown>();
  private readonly roles = new Map<string, readonly string[]>();

  constructor(files: readonly PolicyFile[]) {
    for (const document of files.flatMap(({ documents }) => [...documents])) {
      const parsed = documentSchema.safeParse(document.toJS());
      if (!parsed.success) continue;
      const { exportVariables, exportConstants, derivedRoles, resourcePolicy } = parsed.data;
      const variables = { ...exportVariables?.definitions, ...resourcePolicy?.variables?.local };
      for (const [name, text] of Object.entries(variables)) this.variables.set(name, text);
      for (const [name, value] of Object.entries(exportConstants?.definitions ?? {})) this.constants.set(name, value);
      for (const { name, condition } of derivedRoles?.definitions ?? []) {
        this.roles.set(name, conditionTexts(condition?.match as Match | undefined));
      }
    }
  }

  /** The expressions that decide on a rule: its condition, and what the names in it stand for, the nearest first. */
  of({ condition, derivedRoles }: PolicyRule): ExpressionPart[] {
    const found = new Map<string, number>();
    const queue: ExpressionPart[] = [
      ...conditionTexts(condition).map((text) => ({ text, depth: 0 })),
      ...derivedRoles.flatMap((role) => this.roles.get(role) ?? []).map((text) => ({ text, depth: 1 })),
    ];
    for (let part = queue.shift(); part !== undefined && found.size < MAX_PARTS; part = queue.shift()) {
      if (found.has(part.text)) continue;
      found.set(part.text, part.depth);
      for (const text of this.named(part.text)) queue.push({ text, depth: part.depth + 1 });
    }
    return [...found].map(([text, depth]) => ({ text, depth }));
  }

  /** Texts that an expression names: literals, and the elements of the constants that it uses. */
  valuesIn(expression: string): string[] {
    const literals = [...expression.matchAll(/"([^"\\]{1,200})"|'([^'\\]{1,200})'/g)].map(([, a, b]) => a ?? b ?? '');
    const constants = [...expression.matchAll(/\b(?:C|constants)\.(\w+)/g)].flatMap(([, name]) => {
      const value = this.constants.get(name ?? '');
      return (Array.isArray(value) ? value : [value]).filter((one) => typeof one === 'string');
    });
    return [...new Set([...literals, ...constants])];
  }

  /**
   * Attributes that an expression reads, as paths below `attr`, of the principal or the resource. Those that a variable
   * in it reads are among them, since the expression compares the variable.
   */
  attributesIn(expression: string, of: 'principal' | 'resource'): string[] {
    const own = [expression, ...this.variablesIn(expression)];
    return [...new Set(own.flatMap((text) => pathsIn(text, of)))];
  }

  private named(text: string): string[] {
    const roles = text.includes('effectiveDerivedRoles')
      ? [...this.roles].filter(([name]) => text.includes(`"${name}"`) || text.includes(`'${name}'`))
      : [];
    return [...this.variablesIn(text), ...roles.flatMap(([, conditions]) => conditions)];
  }

  private variablesIn(text: string): string[] {
    return [...text.matchAll(/\b(?:V|variables)\.(\w+)/g)].flatMap(([, name]) => this.variables.get(name ?? '') ?? []);
  }
}

function conditionTexts(match: Match | undefined): string[] {
  if (match === undefined || match === null) return [];
  const { expr, all, any, none } = match;
  const lists = [all, any, none].flatMap((list) => list?.of ?? []);
  return [...(expr === undefined ? [] : [expr]), ...lists.flatMap(conditionTexts)];
}

/** `P.attr.a.b`, `P.attr.?a.?b` and `request.principal.attr["a"]`. */
function pathsIn(text: string, of: 'principal' | 'resource'): string[] {
  const start = of === 'principal' ? /\b(?:P|request\.principal)\.attr/g : /\b(?:R|request\.resource)\.attr/g;
  return [...text.matchAll(start)].flatMap(({ index, 0: found }) => {
    const rest = text.slice(index + found.length);
    const [path = ''] = /^(?:\.\??[A-Za-z_]\w*(?!\w*\()|\["[^"]+"\])+/.exec(rest) ?? [];
    const names = [...path.matchAll(/\.\??(\w+)|\["([^"]+)"\]/g)].map(([, name, quoted]) => name ?? quoted ?? '');
    return names.length === 0 ? [] : [names.join('.')];
  });
}
