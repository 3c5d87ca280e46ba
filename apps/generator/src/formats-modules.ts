import { existsSync, readdirSync } from 'node:fs';

const FORMATS_FOLDER = 'apps/gateway/src/tool-calls/formats';

const MADE = '// Made by `npm run generate` from the folders of formats; do not edit.';

/** The list of formats in the gateway, and their ids in the contracts. @throws Error for a folder without `format.ts` */
export function formatsModules(): Record<string, string> {
  const ids = readdirSync(FORMATS_FOLDER, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort();
  for (const id of ids) {
    if (!/^[a-z]+(-[a-z0-9]+)*$/.test(id)) throw new Error(`${FORMATS_FOLDER}/${id}: lower-case words joined by -`);
    if (!existsSync(`${FORMATS_FOLDER}/${id}/format.ts`)) throw new Error(`${FORMATS_FOLDER}/${id} has no format.ts`);
  }
  const imports = ids.map((id) => `import { ${exportName(id)} } from './${id}/format.js';`);
  const list = ids.map((id) => `  ${exportName(id)},\n`).join('');
  return {
    [`${FORMATS_FOLDER}/index.ts`]: `${MADE}
${[...imports, "import type { LlmFormat } from './llm-format.js';"].sort(byPath).join('\n')}

/** All formats. Each recognises its own paths and bodies and no others, so the order means nothing. */
export const FORMATS: readonly LlmFormat[] = [
${list}];
`,
    'libs/contracts/src/generated/formats.ts': `${MADE}

/** Formats of provider bodies. */
export const FORMAT_IDS = [
${ids.map((id) => `  '${id}',\n`).join('')}] as const;

/** A format of provider bodies. */
export type FormatId = (typeof FORMAT_IDS)[number];
`,
  };
}

/** `openai-chat` exports `openaiChat`. */
function exportName(id: string): string {
  return id.replace(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

function byPath(one: string, other: string): number {
  const pathOf = (line: string) => (/'(.*)'/.exec(line)?.[1] ?? '').replaceAll('/', '\0');
  return pathOf(one) < pathOf(other) ? -1 : 1;
}
