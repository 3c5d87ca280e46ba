/**
 * Prints what is installed in production as a CycloneDX document. npm's own `--omit dev` also leaves out what both a
 * runtime and a development dependency need, so the whole document is made, and what only development needs is taken
 * out of it.
 */
import { execFileSync } from 'node:child_process';

const MAX_BYTES = 64 * 1024 * 1024;
const args = ['sbom', '--sbom-format', 'cyclonedx', '--package-lock-only'];
const document = JSON.parse(execFileSync('npm', args, { encoding: 'utf8', maxBuffer: MAX_BYTES }));

const isForDevelopment = ({ properties = [] }) =>
  properties.some(({ name, value }) => name === 'cdx:npm:package:development' && value === 'true');
const components = document.components.filter((component) => !isForDevelopment(component));
const kept = new Set([document.metadata.component, ...components].map((component) => component['bom-ref']));
const dependencies = document.dependencies
  .filter(({ ref }) => kept.has(ref))
  .map(({ ref, dependsOn = [] }) => ({ ref, dependsOn: dependsOn.filter((other) => kept.has(other)) }));

process.stdout.write(`${JSON.stringify({ ...document, components, dependencies }, null, 2)}\n`);
