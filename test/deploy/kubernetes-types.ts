import { join } from 'node:path';
import ts from 'typescript';
import { type Manifest, ROOT } from './helm.js';

/** Kinds that no published type of Kubernetes describes, because an operator brings them. */
export const CUSTOM_KINDS = ['Certificate', 'CiliumNetworkPolicy', 'PodMonitor', 'PrometheusRule'];

/**
 * Holds manifests against the types of Kubernetes 1.30, the lowest version that is supported: TypeScript refuses a field
 * that an object literal has and its type has not, which a schema of Kubernetes lets pass.
 *
 * @returns one line for each error, with the manifest it is in
 */
export function faultsAgainstOldestTypes(all: readonly Manifest[]): string[] {
  const typed = all.filter(({ kind }) => !CUSTOM_KINDS.includes(kind));
  const source = typed.map((manifest) => {
    const group = manifest.apiVersion === 'v1' ? 'core/v1' : manifest.apiVersion.replace('.k8s.io', '');
    return `({ manifest: ${JSON.stringify(manifest)} }) satisfies { manifest: import('kubernetes-types/${group}').${manifest.kind} };`;
  });
  const file = join(ROOT, 'manifests-as-rendered.ts');
  const options: ts.CompilerOptions = {
    strict: true,
    noEmit: true,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    target: ts.ScriptTarget.ES2022,
    lib: ['lib.es2022.d.ts'],
    skipLibCheck: true,
    types: [],
  };
  const host = ts.createCompilerHost(options);
  const { getSourceFile, fileExists } = host;
  host.fileExists = (name) => name === file || fileExists(name);
  host.getSourceFile = (name, ...rest) =>
    name === file
      ? ts.createSourceFile(name, source.join('\n'), ts.ScriptTarget.ES2022)
      : getSourceFile.call(host, name, ...rest);
  const program = ts.createProgram([file], options, host);
  return ts.getPreEmitDiagnostics(program).map((diagnostic) => {
    const text = ts.flattenDiagnosticMessageText(diagnostic.messageText, ' ');
    const line = diagnostic.file?.getLineAndCharacterOfPosition(diagnostic.start ?? 0).line;
    const manifest = line === undefined ? undefined : typed[line];
    return manifest === undefined ? text : `${manifest.kind} ${manifest.metadata.name}: ${text}`;
  });
}

/**
 * Validates manifests by the published schemas of a newer Kubernetes.
 *
 * @returns one line for each error
 */
export async function faultsAgainstNewestSchemas(all: readonly Manifest[]): Promise<string[]> {
  const problems: string[] = [];
  for (const manifest of all) {
    if (CUSTOM_KINDS.includes(manifest.kind)) continue;
    const models = (await import(`kubernetes-models/${manifest.apiVersion}`)) as Record<
      string,
      new (
        manifest: Manifest,
      ) => { validate(): void }
    >;
    const Model = models[manifest.kind];
    if (Model === undefined) {
      problems.push(`${manifest.kind} of ${manifest.apiVersion} is not a kind of Kubernetes`);
      continue;
    }
    try {
      new Model(manifest).validate();
    } catch (error) {
      problems.push(`${manifest.kind} ${manifest.metadata.name}: ${error instanceof Error ? error.message : error}`);
    }
  }
  return problems;
}
