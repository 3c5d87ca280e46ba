import { readFileSync } from 'node:fs';
import { parse } from 'yaml';

interface LockedPackage {
  readonly version?: string;
  readonly license?: string;
  readonly dev?: boolean;
  readonly integrity?: string;
}

/** A dependency that runs in production and that the repository names itself. */
export interface Dependency {
  readonly name: string;
  /** As package.json has it. */
  readonly version: string;
  readonly licence: string;
  /** Absent when the list does not name it. */
  readonly reason?: string;
}

/** Licences that ask for no more than to be named. MPL-2.0 asks for changes of the library's own files, of which we make none. */
const ACCEPTED_LICENCES: ReadonlySet<string> = new Set([
  '0BSD',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'BlueOak-1.0.0',
  'ISC',
  'MIT',
  'MPL-2.0',
  'Python-2.0',
  'Zlib',
]);

const lock = JSON.parse(readFileSync('package-lock.json', 'utf8')) as { packages: Record<string, LockedPackage> };
const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as Record<string, Record<string, string>>;

/** Why each dependency is there, by name. */
export const REASONS_FOR = parse(readFileSync('docs/dependencies.yaml', 'utf8')) as Record<string, string>;

/** Every package that is installed in production, by its place below node_modules. */
export const INSTALLED: readonly (readonly [string, LockedPackage])[] = Object.entries(lock.packages).filter(
  ([place, { dev }]) => place !== '' && dev !== true,
);

export function dependencies(): Dependency[] {
  return Object.entries({ ...manifest.dependencies, ...manifest.optionalDependencies })
    .map(([name, version]) => ({
      name,
      version,
      licence: lock.packages[`node_modules/${name}`]?.license ?? 'unknown',
      reason: REASONS_FOR[name],
    }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Whether an SPDX expression leaves a choice of accepted licences. */
export function isAccepted(expression: string): boolean {
  const plain = expression.replaceAll(/[()]/g, '');
  return plain
    .split(/ OR /)
    .some((choice) => choice.split(/ AND /).every((licence) => ACCEPTED_LICENCES.has(licence.trim())));
}

export function dependencyDocument(): string {
  const rows = dependencies().map(
    ({ name, version, licence, reason }) => `| \`${name}\` | ${version} | ${licence} | ${reason} |`,
  );
  const licences = new Map<string, number>();
  for (const [, { license = 'unknown' }] of INSTALLED) licences.set(license, (licences.get(license) ?? 0) + 1);
  const counts = [...licences].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, total]) => `${name} (${total})`);
  return `# Runtime dependencies

Exact versions, from \`package.json\`; reasons from \`docs/dependencies.yaml\`. Made by \`npm run generate\`.
\`npm run sbom\` prints all ${INSTALLED.length} installed packages as a CycloneDX document.

| Package | Version | Licence | What it is for |
| --- | --- | --- | --- |
${rows.join('\n')}

Licences of everything that is installed in production: ${counts.join(', ')}.
`;
}
