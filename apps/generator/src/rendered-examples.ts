import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { PRESETS, presetFile, render } from '../../../test/deploy/helm.js';
import type { GeneratedFiles } from './generated-files.js';

/** Every preset of the chart as Helm renders it. Fetches Helm when there is none. @throws Error with the message of Helm */
export async function renderedExamples(): Promise<GeneratedFiles> {
  if (!existsSync(process.env.IRIS_HELM ?? '.iris/helm/helm')) {
    execFileSync(process.execPath, ['test/deploy/fetch-helm.mjs'], { stdio: ['ignore', 'ignore', 'inherit'] });
  }
  const rendered = PRESETS.map(async (preset) => [
    `deploy/helm/iris/examples/${preset}/rendered.yaml`,
    await render(['--values', presetFile(preset)]),
  ]);
  return Object.fromEntries(await Promise.all(rendered));
}
