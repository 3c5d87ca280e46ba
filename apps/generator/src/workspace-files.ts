import { existsSync, readdirSync, readFileSync } from 'node:fs';

/** `nest-cli.json` with one project for each folder that is built. */
export function nestCli(): string {
  const { projects: _, ...rest } = JSON.parse(readFileSync('nest-cli.json', 'utf8')) as Record<string, unknown>;
  const projects: Record<string, unknown> = {};
  for (const name of foldersWith('apps', 'tsconfig.app.json')) {
    const root = `apps/${name}`;
    const tsConfigPath = `${root}/tsconfig.app.json`;
    projects[name] = project('application', root, 'main', `${root}/src`, tsConfigPath);
    // Only its own projects are built into an image, so a simulated API is in none.
    if (existsSync(`${root}/simulated-api`)) {
      projects[`${name}-simulated-api`] = project('application', root, 'index', `${root}/simulated-api`, tsConfigPath);
    }
  }
  for (const name of foldersWith('libs', 'tsconfig.lib.json')) {
    projects[name] = project('library', `libs/${name}`, 'index', `libs/${name}/src`, `libs/${name}/tsconfig.lib.json`);
  }
  for (const name of foldersWith('test', 'tsconfig.app.json')) {
    projects[name] = project('application', `test/${name}`, 'main', `test/${name}`, `test/${name}/tsconfig.app.json`);
  }
  return `${JSON.stringify({ ...rest, projects }, undefined, 2)}\n`;
}

function project(type: string, root: string, entryFile: string, sourceRoot: string, tsConfigPath: string) {
  return { type, root, entryFile, sourceRoot, compilerOptions: { tsConfigPath } };
}

/** Folders of a library that are imported by themselves, as `@iris/<lib>/<folder>`. */
const ENTRY_FOLDERS = ['calls', 'testing'];

/** `tsconfig.json` with the aliases of the libraries: `@iris/<lib>`, and one for each folder that is an entry itself. */
export function tsConfig(): string {
  const entries = foldersWith('libs', 'src/index.ts').flatMap((name) => [
    [`@iris/${name}`, `./libs/${name}/src/index.ts`],
    ...ENTRY_FOLDERS.filter((folder) => existsSync(`libs/${name}/src/${folder}/index.ts`)).map((folder) => [
      `@iris/${name}/${folder}`,
      `./libs/${name}/src/${folder}/index.ts`,
    ]),
  ]);
  const lines = entries.map(([alias, target]) => `      "${alias}": ["${target}"]`);
  const text = readFileSync('tsconfig.json', 'utf8');
  const changed = text.replace(
    /("paths": \{\n)[\s\S]*?(\n {4}\})/,
    (_, open, close) => open + lines.join(',\n') + close,
  );
  if (!changed.includes(lines.join(',\n'))) throw new Error('tsconfig.json has no compilerOptions.paths');
  return changed;
}

function foldersWith(parent: string, file: string): string[] {
  return readdirSync(parent)
    .filter((name) => existsSync(`${parent}/${name}/${file}`))
    .sort();
}
