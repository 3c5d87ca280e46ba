import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { parseCallersFile } from '../../apps/pdp-proxy/src/callers/callers-file.js';
import { kindOf, parseMapping } from '../../apps/pdp-proxy/src/enrich/mapping-file.js';

const page = readFileSync('docs/pdp-proxy.md', 'utf8');
const [callers = '', mapping = ''] = [...page.matchAll(/^```yaml\n([\s\S]*?)^```$/gm)].map(([, text]) => text);

describe('the guide', () => {
  it('shows a callers file that can be used as printed', () => {
    const file = parseCallersFile('callers.yaml', callers);
    expect(file.callers.map(({ name }) => name)).toEqual(['leave-app', 'reports', 'portal', 'batch', 'sidecar']);
    expect(file.callers.filter(({ search }) => search).map(({ name }) => name)).toEqual(['portal']);
  });

  it('shows a mapping file that can be used as printed', () => {
    const parsed = parseMapping('mapping.yaml', mapping);
    expect([kindOf(parsed, 'audit_log').enrich, kindOf(parsed, 'other').enrich]).toEqual([false, true]);
    expect(kindOf(parsed, 'server').resource).toEqual({ idAttribute: 'hostname', kind: 'database' });
    expect(Object.keys(parsed.authzen.types)).toEqual(['record']);
  });
});
