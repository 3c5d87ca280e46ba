import { readdirSync, readFileSync } from 'node:fs';
import { openApiDocument } from '@iris/console-api';
import { REVISION_FILE, revisionText } from '@iris/policy-files';
import { DASHBOARDS } from '../../../deploy/grafana/dashboards.js';
import { buildDashboard } from '../../../deploy/grafana/panels.js';
import { contextTables, withTables } from './context-tables.js';
import { dependencyDocument } from './dependency-document.js';
import { type GeneratedFiles, runSteps } from './generated-files.js';
import { policySchemas } from './policy-schemas.js';
import { referencePages } from './reference-pages.js';
import { renderedExamples } from './rendered-examples.js';
import { settingsOfApps } from './settings-of-apps.js';
import { valuesSchema } from './values-schema.js';
import { readVendors } from './vendor-file.js';

const PACK = 'policies/pack';

/** The second stage. */
await runSteps([
  ['reference pages', referenceFolder],
  [
    'tables of docs/context.md',
    () => {
      const tables = contextTables('deploy/helm/iris/files/sources.yaml');
      return { 'docs/context.md': withTables(readFileSync('docs/context.md', 'utf8'), tables) };
    },
  ],
  ['OpenAPI document', openApi],
  ['list of dependencies', () => ({ 'docs/dependencies.md': dependencyDocument() })],
  ['schemas of policies', policySchemas],
  ['revision of policies', policyRevision],
  [
    'dashboards',
    () =>
      inFolder(
        'deploy/helm/iris/files/dashboards',
        Object.fromEntries(
          DASHBOARDS.map((source) => [
            `iris-${source.id}.json`,
            `${JSON.stringify(buildDashboard(source), undefined, 2)}\n`,
          ]),
        ),
      ),
  ],
  ['schema of chart values', valuesSchema],
  ['rendered examples of the chart', renderedExamples],
]);

async function referenceFolder(): Promise<GeneratedFiles> {
  const vendors = readVendors();
  return inFolder('docs/reference', referencePages(await settingsOfApps(vendors), vendors));
}

function openApi(): GeneratedFiles {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
  return { 'apps/console/openapi.json': `${JSON.stringify(openApiDocument(version), undefined, 2)}\n` };
}

/** The files of a folder that holds nothing else; one that nothing makes any more is removed. */
function inFolder(folder: string, files: Readonly<Record<string, string>>): GeneratedFiles {
  const names = [...new Set([...readdirSync(folder), ...Object.keys(files)])];
  return Object.fromEntries(names.map((name) => [`${folder}/${name}`, files[name]]));
}

/** The revision is a digest of the pack, so the schemas are written before. */
function policyRevision(): GeneratedFiles {
  return { [`${PACK}/${REVISION_FILE}`]: revisionText(PACK) };
}
