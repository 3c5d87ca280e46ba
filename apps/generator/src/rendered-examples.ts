import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import type { GeneratedFiles } from './generated-files.js';

const CHART = 'deploy/helm/iris';
const PRESETS = ['trial', 'observe-only', 'production'];
/** The newest Kubernetes that the chart is tested with. */
const KUBERNETES = '1.35.0';

/** Every preset of the chart as Helm renders it. Fetches Helm when there is none. @throws Error with the message of Helm */
export function renderedExamples(): GeneratedFiles {
  const helm = process.env.IRIS_HELM ?? '.iris/helm/helm';
  if (!existsSync(helm)) execFileSync(process.execPath, ['test/deploy/fetch-helm.mjs']);
  return Object.fromEntries(
    PRESETS.map((preset) => {
      const values = `${CHART}/presets/${preset}.yaml`;
      const args = ['template', 'iris', CHART, '--namespace', 'iris', '--kube-version', KUBERNETES, '--values', values];
      return [`${CHART}/examples/${preset}/rendered.yaml`, execFileSync(helm, args, { encoding: 'utf8' })];
    }),
  );
}
