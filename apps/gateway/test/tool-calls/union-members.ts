import { join } from 'node:path';
import ts from 'typescript';

/** A type of a declaration file, as an import clause would name it. */
export interface TypePlace {
  /** Module specifier, resolved from the root of the repository. */
  readonly module: string;
  /** Name of the exported type; a member of a namespace with a dot. */
  readonly name: string;
}

/** How the members of a union are told apart: by the literals of one property, or by their own property names. */
export type Discriminator = { readonly property: string } | 'keys';

/**
 * The discriminators of the members of each type, read by the TypeScript compiler from the declarations.
 *
 * @throws Error when a type cannot be resolved or a member has no discriminator: an upgrade has changed its form
 */
export function unionMembers(
  places: readonly (TypePlace & { readonly by: Discriminator })[],
  root: string,
): string[][] {
  const file = join(root, 'union-members.probe.ts');
  const probe = places
    .map(({ module, name }, index) => {
      const [outer = '', ...inner] = name.split('.');
      const path = ['', ...inner].join('.');
      return `import type { ${outer} as Outer${index} } from '${module}';\nexport type Probe${index} = Outer${index}${path};`;
    })
    .join('\n');
  const options: ts.CompilerOptions = {
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    target: ts.ScriptTarget.ES2022,
    strict: true,
    skipLibCheck: true,
    types: [],
    noEmit: true,
  };
  const host = ts.createCompilerHost(options);
  const { fileExists, readFile, getSourceFile } = host;
  host.fileExists = (name) => name === file || fileExists(name);
  host.readFile = (name) => (name === file ? probe : readFile(name));
  host.getSourceFile = (name, version, ...rest) =>
    name === file ? ts.createSourceFile(name, probe, version, true) : getSourceFile(name, version, ...rest);
  const program = ts.createProgram([file], options, host);
  const source = program.getSourceFile(file);
  if (!source) throw new Error('the probe is not part of the program');
  const checker = program.getTypeChecker();
  const types = new Map<string, ts.Type>();
  for (const statement of source.statements) {
    if (ts.isTypeAliasDeclaration(statement)) types.set(statement.name.text, checker.getTypeAtLocation(statement));
  }
  return places.map(({ name, by }, index) => {
    const type = types.get(`Probe${index}`);
    if (!type || type.flags & ts.TypeFlags.Any) throw new Error(`${name} cannot be resolved`);
    const found = membersOf(type).flatMap((member) =>
      by === 'keys' ? keysOf(member) : literalsOf(checker, member, by.property, name),
    );
    if (found.length === 0) throw new Error(`${name} has no members`);
    return [...new Set(found)].sort();
  });
}

function membersOf(type: ts.Type): readonly ts.Type[] {
  return type.isUnion() ? type.types : [type];
}

/** AWS marks the member that stands for unknown ones with a dollar sign. */
function keysOf(type: ts.Type): string[] {
  return type
    .getProperties()
    .map((property) => property.getName())
    .filter((key) => !key.startsWith('$'));
}

function literalsOf(checker: ts.TypeChecker, type: ts.Type, property: string, name: string): string[] {
  const symbol = checker.getPropertyOfType(type, property);
  const literals = symbol
    ? membersOf(checker.getTypeOfSymbol(symbol)).flatMap((member) => (member.isStringLiteral() ? [member.value] : []))
    : [];
  if (literals.length === 0) throw new Error(`${name}: ${checker.typeToString(type)} has no literal "${property}"`);
  return literals;
}
