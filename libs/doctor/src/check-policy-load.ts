import { isJsonObject } from '@iris/contracts';
import type { Pdp } from '@iris/pdp';
import { contentRevision, policyFolder } from '@iris/policy-files';
import type { Finding } from './findings.js';

export interface PolicyLoadOptions {
  /** URL of the PDP's HTTP listener, for its counters. */
  readonly httpUrl?: string;
  /** Folder of the policies that the PDP is expected to hold. */
  readonly policies?: string;
}

const TIMEOUT_MS = 5000;

/** Counters of Cerbos for policies that it could not load, each with what it counts. */
const COUNTERS: readonly { readonly series: RegExp; readonly what: string }[] = [
  {
    series: /^cerbos_dev_compiler_compile_duration_milliseconds_count\{[^}]*status="failure"[^}]*\} (\S+)/m,
    what: 'policies did not compile',
  },
  { series: /^cerbos_dev_store_sync_error_count_total(?:\{[^}]*\})? (\S+)/m, what: 'files could not be read' },
];

/**
 * Whether a PDP could load its policies. When it cannot, it keeps its last valid state, answers as before and counts the
 * failure. The counters stay after a correction, until the PDP restarts. The revision that the PDP states shows whether the
 * policies were delivered, and not whether each of them could be loaded.
 *
 * @throws PdpError when the PDP does not answer
 */
export async function policyLoadFindings(pdp: Pdp, { httpUrl, policies }: PolicyLoadOptions): Promise<Finding[]> {
  const counted = await countedFailures(httpUrl);
  const failed = counted.map((detail): Finding => ({ id: 'pdp_policy_load_failed', subject: 'pdp', detail }));
  if (policies === undefined) return failed;
  const expected = contentRevision(policyFolder(policies).pack);
  const stated = await statedRevision(pdp);
  if (stated === expected) return failed;
  const detail = `revision ${stated || 'none'}, and ${policies} has ${expected}`;
  return [...failed, { id: 'pdp_policies_outdated', subject: 'pdp', detail }];
}

async function countedFailures(httpUrl: string | undefined): Promise<string[]> {
  if (httpUrl === undefined) return [];
  const response = await fetch(new URL('/_cerbos/metrics', httpUrl), { signal: AbortSignal.timeout(TIMEOUT_MS) }).catch(
    () => undefined,
  );
  if (response?.ok !== true) return [`the counters at ${httpUrl} cannot be read`];
  return failuresIn(await response.text());
}

/** @param metrics what Cerbos exposes for Prometheus */
function failuresIn(metrics: string): string[] {
  return COUNTERS.flatMap(({ series, what }) => {
    const count = Number(series.exec(metrics)?.[1] ?? 0);
    return count > 0 ? [`${count} ${what} since the PDP started`] : [];
  });
}

/** The revision that the policies of the PDP state; empty when they state none. */
async function statedRevision(pdp: Pdp): Promise<string> {
  const [result] = await pdp.check(
    {
      principal: { id: 'doctor', roles: ['user'], attr: {} },
      resources: [{ kind: 'iris_probe', id: 'revision', action: 'revision', attr: {} }],
      policyVersion: 'default',
      scope: '',
      requestId: 'doctor: revision',
    },
    { timeoutMs: TIMEOUT_MS },
  );
  const values = (result?.outputs ?? []).map(({ value }) => (isJsonObject(value) ? value.revision : undefined));
  return values.find((revision) => typeof revision === 'string') ?? '';
}
