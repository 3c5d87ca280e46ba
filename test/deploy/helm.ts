import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { parseAllDocuments } from 'yaml';

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));
export const CHART = join(ROOT, 'deploy/helm/iris');
export const PRESETS = ['trial', 'observe-only', 'production', 'all-entry-points'] as const;

/** A manifest as Kubernetes gets it. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec?: Readonly<Record<string, never>>;
  readonly data?: Readonly<Record<string, string>>;
  readonly stringData?: Readonly<Record<string, string>>;
}

const run = promisify(execFile);

/** The path of Helm. @throws Error saying how to get one */
function helmPath(): string {
  const path = process.env.IRIS_HELM ?? join(ROOT, '.iris/helm/helm');
  if (!existsSync(path)) throw new Error(`there is no Helm at ${path}: run node test/deploy/fetch-helm.mjs`);
  return path;
}

/** Runs Helm and returns what it prints. @throws Error with its message when it fails */
export async function helm(...args: string[]): Promise<string> {
  const { stdout } = await run(helmPath(), args, { maxBuffer: 64 * 1024 * 1024 });
  return stdout;
}

/** The file of a preset. */
export function presetFile(preset: string): string {
  return join(CHART, 'presets', `${preset}.yaml`);
}

/** API groups of the operators that the chart has resources for. */
const OPERATOR_APIS = ['monitoring.coreos.com/v1', 'cilium.io/v2', 'cert-manager.io/v1'] as const;
export const LOWEST_KUBERNETES = '1.30.0';
export const HIGHEST_KUBERNETES = '1.35.0';

/** What the chart renders to in a cluster that has the operators, as text. */
export function render(args: readonly string[], kubeVersion: string = HIGHEST_KUBERNETES): Promise<string> {
  return renderWithApis(OPERATOR_APIS, args, kubeVersion);
}

/** What the chart renders to in a cluster that has these API groups beside those of Kubernetes. */
export function renderWithApis(
  apis: readonly string[],
  args: readonly string[],
  kubeVersion: string = HIGHEST_KUBERNETES,
): Promise<string> {
  const cluster = ['--kube-version', kubeVersion, ...apis.flatMap((api) => ['--api-versions', api])];
  return helm('template', 'iris', CHART, '--namespace', 'iris', ...cluster, ...args);
}

/** Runs kubectl, which comes with Helm, and returns what it prints. @throws Error with its message when it fails */
export async function kubectl(...args: string[]): Promise<string> {
  const { stdout } = await run(join(dirname(helmPath()), 'kubectl'), args, { maxBuffer: 64 * 1024 * 1024 });
  return stdout;
}

/** The manifests in what Helm printed. @throws Error for text that is not YAML */
export function manifests(text: string): Manifest[] {
  return parseAllDocuments(text).flatMap((document) => {
    if (document.errors.length > 0) throw document.errors[0];
    const value = document.toJS() as Manifest | null;
    return value === null ? [] : [value];
  });
}

/** The text of the source registry. */
export function registryText(): string {
  return readFileSync(join(CHART, 'files/sources.yaml'), 'utf8');
}
