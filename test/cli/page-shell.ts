import { execFile, execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { chmod, copyFile, cp, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

const ROOT = process.cwd();
const FOLDERS = ['.', 'docs', 'policies', 'deploy', 'deploy/helm/iris', 'deploy/tailscale', 'apps/sandbox'];
/** Pages whose commands have a test of their own, or that change the repository. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  'README.md': 'npm ci, npm start and npm run verify run these tests',
  'CONTRIBUTING.md': 'npm run verify runs what it names',
  'docs/policy-tutorial.md': 'test/cli/policy-tutorial.spec.ts',
};

/** A block of shell commands of a page. */
export interface CommandBlock {
  readonly page: string;
  readonly commands: string;
}

/** The blocks of all pages in the order in which a reader meets them. */
export function commandBlocks(): CommandBlock[] {
  return FOLDERS.flatMap((folder) =>
    readdirSync(join(ROOT, folder))
      .filter((name) => name.endsWith('.md'))
      .sort()
      .map((name) => join(folder, name)),
  )
    .filter((page) => !(page in ELSEWHERE))
    .flatMap((page) =>
      [...readFileSync(join(ROOT, page), 'utf8').matchAll(/^```(?:sh|bash)\n([\s\S]*?)^```$/gm)].map(
        ([, commands = '']) => ({ page, commands }),
      ),
    );
}

/** Names of a reader's own deployment, by those of the mesh. */
const NAMES: readonly (readonly [printed: RegExp, here: string])[] = [
  [/\/var\/lib\/iris\/evidence/g, '$IRIS_EVIDENCE'],
  [/ana@example\.com/g, 'ana@lumen.example'],
  [/ada@example\.com/g, 'ana@lumen.example'],
  [/mcp__jira__/g, 'mcp__postgres__'],
  [/req_7f3a/g, 'req_sample0_warm'],
  // The chain of this mesh has no signatures.
  [/ --public-key evidence\.pub\.pem/g, ''],
  [/--node nABC/g, ''],
  // The candidate is a reader's own; without one there is nothing to compare.
  [/--policy-version candidate/g, ''],
  // What is exported there is the mesh of the reader; here it is this one.
  [/^export (IRIS|PROMETHEUS)_.*$/gm, ''],
  [/127\.0\.0\.1:359[34]/g, '$IRIS_PDP_TARGET'],
  [/http:\/\/127\.0\.0\.1:8086/g, '$IRIS_CONSOLE_URL'],
  [/redis:\/\/127\.0\.0\.1:6379/g, '$IRIS_REDIS_URL'],
  [/^npm ci && npm run build$/gm, ''],
];

/**
 * Programs that need a cluster, a registry or much time. kubectl and helm are the real ones, asked for what they can do
 * without a cluster: a wrong option, file or name fails.
 */
const PROGRAMS: Readonly<Record<string, string>> = {
  kubectl: `
case " $* " in
  *" apply -f - "*) exec "$IRIS_NODE" -e "
    require('yaml').parseAllDocuments(require('fs').readFileSync(0,'utf8')).forEach((d) => { if (d.errors.length) throw d.errors[0]; });" ;;
  *" rollout restart "*) exec "$IRIS_NODE" "$PAGE_TOOLS/has-object.cjs" "$(echo "$*" | grep -o '[a-z]*/[a-z-]*' | head -1)" ;;
  *" create "*--dry-run*) exec "$HELM_BIN/kubectl" "$@" ;;
  *" create "*) exec "$HELM_BIN/kubectl" "$@" --dry-run=client -o yaml ;;
  *" apply -f "*) file=$(echo " $* " | sed 's/.* -f \\([^ ]*\\).*/\\1/'); exec "$IRIS_NODE" -e "
    require('yaml').parseAllDocuments(require('fs').readFileSync('$file','utf8')).forEach((d) => { if (d.errors.length) throw d.errors[0]; });" ;;
  *" exec "*"/nodejs/bin/node "*) while [ "$1" != /nodejs/bin/node ]; do shift; done; shift; exec "$IRIS_NODE" "$@" ;;
  *" port-forward "*|*" rollout status "*) name=$(echo "$*" | grep -o '[a-z]*/[a-z-]*' | head -1); "$HELM_BIN/kubectl" --help >/dev/null
    case "$name" in service/redis|service/prometheus) exit 0 ;; esac
    exec "$IRIS_NODE" "$PAGE_TOOLS/has-object.cjs" "$name" ;;
  *) exec "$HELM_BIN/kubectl" "$@" --help ;;
esac`,
  helm: `
case "$1" in
  install|upgrade) shift; "$HELM_BIN/helm" template "$@" > "$RENDERED" ;;
  test) grep -q 'helm.sh/hook: test' "$RENDERED" || grep -q '"helm.sh/hook": "*test' "$RENDERED" ;;
  *) exec "$HELM_BIN/helm" "$@" ;;
esac`,
  docker: `
case "$1" in
  build) app=$(echo "$*" | sed 's/.*APP=\\([a-z-]*\\).*/\\1/'); test -d "apps/$app" && test -f deploy/docker/Dockerfile ;;
  push|compose) ;;
  *) echo "docker $1 is not known here" >&2; exit 1 ;;
esac`,
  npm: `
case "$1 $2" in
  "run iris") shift 2; [ "$1" = -- ] && shift; exec "$IRIS_NODE" dist/apps/cli/src/main.js "$@" ;;
  # The mesh that the commands are run in was started by it.
  "start --") exit 0 ;;
  "run generate"|"run policies"|"run chaos"|"run bench") exit 0 ;;
  *) exec "$REAL_NPM" "$@" ;;
esac`,
  iris: `exec "$IRIS_NODE" dist/apps/cli/src/main.js "$@"`,
  node: `
case "$*" in
  dist/apps/*/src/main.js) exec "$IRIS_NODE" "$PAGE_TOOLS/until-listening.cjs" "$@" ;;
  *) exec "$IRIS_NODE" "$@" ;;
esac`,
  curl: `
case "$*" in
  *iris-pdp-proxy*) exec "$IRIS_NODE" "$PAGE_TOOLS/with-pdp-proxy.cjs" "$REAL_CURL" "$@" ;;
  *) exec "$REAL_CURL" "$@" ;;
esac`,
  cerbos: `[ "$1" = server ] && test -f "$(echo "$2" | sed 's/--config=//')"`,
};

/** The blocks of YAML of a page: files that its commands name. */
function yamlBlocks(page: string): string[] {
  const blocks = readFileSync(join(ROOT, page), 'utf8').matchAll(/^```yaml\n([\s\S]*?)^```$/gm);
  return [...blocks].map(([, text = '']) => text);
}

/** A shell with the files and programs that a reader has, in a folder that ends with it. */
export class PageShell {
  private constructor(
    private readonly folder: string,
    private readonly env: Readonly<Record<string, string>>,
  ) {}

  static async open(meshEnv: Readonly<Record<string, string>>): Promise<PageShell> {
    const folder = await mkdtemp(join(tmpdir(), 'iris-pages-'));
    for (const name of await readdir(ROOT)) {
      if (name === 'policies') await cp(join(ROOT, name), join(folder, name), { recursive: true });
      else if (!name.startsWith('.git') && name !== '.iris') await symlink(join(ROOT, name), join(folder, name));
    }
    const example = join(ROOT, 'deploy/tailscale');
    for (const name of ['aperture.hujson', 'aperture.json']) {
      await copyFile(join(example, 'aperture/both.hujson'), join(folder, name));
    }
    for (const name of ['policy-file.hujson', 'policy.hujson']) {
      await copyFile(join(example, 'policy-file.hujson'), join(folder, name));
    }
    await mkdir(join(folder, '.iris'));
    await cp(meshEnv.IRIS_EVIDENCE ?? '', join(folder, '.iris/evidence'), { recursive: true });
    await writeFile(join(folder, 'gateway.log'), '');
    await writeFile(join(folder, 'logins.txt'), 'ana@lumen.example\n');
    const [values = ''] = yamlBlocks('docs/install.md');
    await writeFile(join(folder, 'my-values.yaml'), values);
    const bin = join(folder, 'bin');
    await mkdir(bin);
    for (const [name, text] of Object.entries(PROGRAMS)) {
      await writeFile(join(bin, name), `#!/bin/bash\n${text.trim()}\n`);
      await chmod(join(bin, name), 0o755);
    }
    await writeFile(join(bin, 'has-object.cjs'), HAS_OBJECT);
    await writeFile(join(bin, 'until-listening.cjs'), UNTIL_LISTENING);
    await writeFile(join(bin, 'with-pdp-proxy.cjs'), WITH_PDP_PROXY);
    const token = join(folder, 'github-token');
    await writeFile(token, 'a-token');
    const [servers = ''] = yamlBlocks('docs/mcp-gateway.md');
    await writeFile(join(folder, 'servers.yaml'), servers.replaceAll('/run/secrets/github-token', token));
    const [callers = '', mapping = ''] = yamlBlocks('docs/pdp-proxy.md');
    await writeFile(join(folder, 'callers.yaml'), callers);
    await writeFile(join(folder, 'mapping.yaml'), mapping);
    const env = {
      ...(process.env as Record<string, string>),
      ...meshEnv,
      IRIS_EVIDENCE: join(folder, '.iris/evidence'),
      NODE_OPTIONS: '',
      IRIS_NODE: process.execPath,
      HELM_BIN: join(ROOT, '.iris/helm'),
      PAGE_TOOLS: bin,
      RENDERED: join(folder, 'rendered.yaml'),
      PATH: `${bin}${delimiter}${process.env.PATH ?? ''}`,
      HOOK_KEY: meshEnv.IRIS_HOOK_KEY ?? '',
      REAL_CURL: execFileSync('which', ['curl'], { encoding: 'utf8' }).trim(),
      PROXY_KEY: /keys: \[(\S+)\]/.exec(callers)?.[1] ?? '',
    };
    return new PageShell(folder, env);
  }

  /** Runs a block as printed, but for the names of a reader's own deployment. A command that fails ends it. */
  run(commands: string): Promise<{ readonly code: number; readonly output: string }> {
    const text = NAMES.reduce((all, [printed, here]) => all.replaceAll(printed, here), commands);
    const options = { cwd: this.folder, env: this.env, timeout: 110_000, maxBuffer: 64 * 1024 * 1024 };
    return new Promise((resolve) => {
      const child = execFile('bash', ['-euo', 'pipefail', '-c', text], options, (error, stdout, stderr) => {
        const code = error === null ? 0 : Number(error.code ?? 1);
        resolve({ code, output: `${stdout}${stderr}`.slice(-4000) });
      });
      child.stdin?.end();
    });
  }

  close(): Promise<void> {
    return rm(this.folder, { recursive: true, force: true });
  }
}

/** Fails unless the chart, as the page installs it, has an object of this kind and name. */
const HAS_OBJECT = `
const { readFileSync } = require('node:fs');
const { parseAllDocuments } = require('yaml');
const [kind, name] = process.argv[2].split('/');
const documents = parseAllDocuments(readFileSync(process.env.RENDERED, 'utf8')).map((document) => document.toJS());
const found = documents.some((one) => one?.kind?.toLowerCase() === kind && one.metadata.name === name);
if (!found) { console.error('the chart has no ' + process.argv[2]); process.exit(1); }
`;

/** Starts an app on free ports until it listens, then ends it. Fails when it ends by itself. */
const UNTIL_LISTENING = `
const { spawn } = require('node:child_process');
const ports = { IRIS_HTTP_PORT: '0', IRIS_GRPC_PORT: '0' };
const app = spawn(process.execPath, process.argv.slice(2), { env: { ...process.env, ...ports } });
let output = '';
for (const stream of [app.stdout, app.stderr]) stream.on('data', (text) => {
  output += text;
  if (output.includes('listening')) app.kill('SIGTERM');
});
app.on('close', () => {
  process.stdout.write(output);
  process.exit(output.includes('listening') ? 0 : 1);
});
`;

/** Runs curl against a PDP proxy of its own with the files of its page. Fails unless the answer holds a decision. */
const WITH_PDP_PROXY = `
const { execFile, spawn } = require('node:child_process');
const [curl, ...words] = process.argv.slice(2);
const env = { ...process.env, IRIS_HTTP_PORT: '0', IRIS_GRPC_PORT: '0', IRIS_CALLERS_FILE: 'callers.yaml', IRIS_MAPPING_FILE: 'mapping.yaml' };
const proxy = spawn(process.execPath, ['dist/apps/pdp-proxy/src/main.js'], { env });
let output = '';
let asked = false;
for (const stream of [proxy.stdout, proxy.stderr]) stream.on('data', (text) => {
  output += text;
  const url = /"url":"([^"]+)"/.exec(output)?.[1];
  if (asked || url === undefined) return;
  asked = true;
  const here = words.map((word) => word.replace('https://iris-pdp-proxy', url));
  execFile(curl, ['--silent', '--show-error', '--fail-with-body', ...here], (error, stdout, stderr) => {
    proxy.kill('SIGTERM');
    process.stdout.write(stdout + stderr);
    process.exitCode = error === null && typeof JSON.parse(stdout).decision === 'boolean' ? 0 : 1;
  });
});
proxy.on('close', () => {
  if (!asked) { process.stdout.write(output); process.exitCode = 1; }
});
`;
