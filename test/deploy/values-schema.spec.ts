import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from '@jest/globals';
import { ROOT } from './helm.js';

it('the schema and the table of values are what the comments of values.yaml say', async () => {
  const generator = join(ROOT, 'deploy/helm/generate-values-schema.mjs');
  await expect(promisify(execFile)(process.execPath, [generator, '--check'])).resolves.toMatchObject({ stderr: '' });
});
