import { appendFile } from 'node:fs/promises';
import { startLocalPdp } from '@iris/local-pdp';
import { policyFolder, readPolicyText } from '@iris/policy-files';
import { CatalogReapplication, listed, replay } from '@iris/replay';
import { loadCatalog } from '@iris/tool-catalog';
import { evidenceOf } from '../evidence/evidence-input.js';
import type { CliIo } from '../io.js';
import { ChangedDecisions } from './changed-decisions.js';
import { checkPolicies, problemsOf } from './check-policies.js';
import { type CiResult, ciComment } from './ci-comment.js';

export interface PoliciesCiOptions {
  readonly folder: string;
  readonly evidence: readonly string[];
  readonly catalog?: string;
  readonly policyVersion?: string;
  readonly masked: boolean;
  readonly comment?: string;
  readonly cerbos?: string;
}

/** What a pipeline decides on. */
export interface CiOutcome {
  readonly problems: number;
  readonly toAllow: number;
  readonly toDeny: number;
}

/**
 * Compiles, lints and tests policies, replays recorded decisions by them, and writes a Markdown comment.
 *
 * @throws CliFault when the evidence, the catalog or the PDP cannot be used
 */
export async function policiesCi(options: PoliciesCiOptions, io: CliIo): Promise<CiOutcome> {
  const checked = await checkPolicies(policyFolder(options.folder), options.cerbos);
  const replayed =
    checked.errors.length > 0 || options.evidence.length === 0 ? undefined : await replayEvidence(options, io);
  const comment = ciComment({ checked, replayed });
  if (options.comment === undefined) io.out(comment);
  else await appendFile(options.comment, comment);
  const sum = (from: 'ALLOW' | 'DENY') =>
    replayed?.changes.of(from).reduce((total, { count }) => total + count, 0) ?? 0;
  return { problems: problemsOf(checked).length, toAllow: sum('DENY'), toDeny: sum('ALLOW') };
}

async function replayEvidence(options: PoliciesCiOptions, io: CliIo): Promise<NonNullable<CiResult['replayed']>> {
  const policies = policyFolder(options.folder).pack;
  const catalog =
    options.catalog === undefined ? undefined : new CatalogReapplication(loadCatalog({ path: options.catalog }));
  const { readsAges, readsParams } = await readPolicyText(policies);
  const { pdp, close } = await startLocalPdp({ policies, binary: options.cerbos, strict: true });
  try {
    const changes = new ChangedDecisions();
    const { masked, policyVersion } = options;
    const question = { masked, policyVersion, catalog, readsAges, readsParams };
    const counts = await replay(evidenceOf([...options.evidence], io).records(), pdp, question, (change) =>
      changes.add(listed(change)),
    );
    return { counts, changes };
  } finally {
    await close();
  }
}
