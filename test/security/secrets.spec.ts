import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';

/** Forms in which real keys are issued. */
const KEY_MATERIAL: Readonly<Record<string, RegExp>> = {
  'private key': /-----BEGIN (?:[A-Z0-9]+ )?PRIVATE KEY-----(?:\\n|\s)+[A-Za-z0-9+/=]{40,}/,
  'AWS access key': /\b(?:AKIA|ASIA)[0-9A-Z]{16}\b/,
  'GitHub token': /\bgh[pousr]_[A-Za-z0-9]{36,}\b/,
  'Slack token': /\bxox[abprs]-[0-9]{6,}-[0-9A-Za-z-]{10,}/,
  'Anthropic key': /\bsk-ant-[A-Za-z0-9_-]{30,}/,
  'OpenAI key': /\bsk-(?:proj-)?[A-Za-z0-9]{32,}\b/,
  'Tailscale key': /\btskey-(?:api|auth|client|webhook)-[A-Za-z0-9]{8,}-[A-Za-z0-9]{16,}/,
  'Google key': /\bAIza[0-9A-Za-z_-]{35}\b/,
  'JSON web token': /\beyJ[A-Za-z0-9_-]{20,}\.eyJ[A-Za-z0-9_-]{20,}\.[A-Za-z0-9_-]{20,}/,
};

/** Invented texts that stand for such keys where masking is tested. */
const INVENTED = /^(test\/cases\/masking\/|libs\/evidence\/src\/masking\/)/;
const MAX_BYTES = 4 * 1024 * 1024;

function findings(paths: readonly string[]): string[] {
  return paths.flatMap((path) => {
    if (!existsSync(path) || !statSync(path).isFile() || statSync(path).size > MAX_BYTES) return [];
    const text = readFileSync(path, 'utf8');
    return Object.entries(KEY_MATERIAL).flatMap(([name, form]) => (form.test(text) ? [`${path}: ${name}`] : []));
  });
}

describe('key material', () => {
  it('is in no file of the repository', () => {
    const files = execFileSync('git', ['ls-files'], { encoding: 'utf8', maxBuffer: 16 * 1024 * 1024 })
      .split('\n')
      .filter((path) => path !== '' && !INVENTED.test(path));
    expect(files.length).toBeGreaterThan(300);
    expect(findings(files)).toEqual([]);
  });

  it('is in nothing that is built', () => {
    const built = readdirSync('dist', { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .filter((path) => !path.endsWith('.map'));
    expect(built.length).toBeGreaterThan(100);
    expect(findings(built)).toEqual([]);
  });

  it('would be found', () => {
    const all = execFileSync('git', ['ls-files', 'test/cases/masking'], { encoding: 'utf8' }).trim().split('\n');
    expect(findings(all).length).toBeGreaterThan(0);
  });
});
