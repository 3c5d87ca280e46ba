import { isDeepStrictEqual } from 'node:util';
import { effectAttributes, listedEffects } from '@iris/call-effects';
import type { Effect, JsonObject } from '@iris/contracts';
import type { EvidenceRecord } from '@iris/evidence';
import type { CheckResult, Pdp, PdpPrincipal, PdpResource } from '@iris/pdp';
import type { CatalogReapplication } from './reapply-catalog.js';

export interface ReplayOptions {
  /** Version and scope that are asked instead of the recorded ones. */
  readonly policyVersion?: string;
  readonly scope?: string;
  /** Whether records are replayed whose attributes were masked: the answer may then differ for that reason alone. */
  readonly masked: boolean;
  /** Whether the policies read how old facts are. When not, calls that differ in that alone share a check. */
  readonly readsAges: boolean;
  /** Whether the policies read parameters. When not, masked parameters make no difference. */
  readonly readsParams: boolean;
  /** Reads calls again before they are asked about. */
  readonly catalog?: CatalogReapplication;
}

/** What became of the records that were read. */
export interface ReplayCounts {
  /** Asked again. */
  replayed: number;
  /** Of these, decided otherwise. */
  changed: number;
  /** Of these, decided by no policy: the folder holds none of this kind, version and scope. */
  withoutPolicy: number;
  /** Not asked, because the record does not hold what the PDP was given. */
  masked: number;
  /** Records without a tool call, for example of a hook that could not be read. */
  withoutCall: number;
  /** Asked again with other attributes, which another catalog gives. */
  readOtherwise: number;
  /** Asked again as recorded, because another catalog cannot read them again. */
  notReadAgain: number;
  /** Second opinions of a candidate policy, which are no decisions. */
  shadow: number;
}

/** A decision that the policies make otherwise. */
export interface Change {
  readonly record: EvidenceRecord;
  readonly to: Effect;
  readonly result: CheckResult;
}

type Replayable = EvidenceRecord & Required<Pick<EvidenceRecord, 'resource' | 'action' | 'replay'>>;

/** Records that are held at once: what bounds the memory, and how far calls of one principal may lie apart. */
const WINDOW = 2000;
/** Resources in one check: the PDP's default limit. */
const RESOURCES_PER_CHECK = 50;
/** Checks in flight at once. */
const CONCURRENCY = 16;
/** Time for one check, in ms. */
const CHECK_MS = 30_000;

/**
 * Asks the PDP again what was asked when the records were made: the same principal, resource and action, so that only
 * the policies can make a difference. `request.time` is an attribute, so it is the recorded one. Calls of the same
 * principal with the same facts share a check.
 *
 * @param onChange called in the order of the records
 * @throws PdpError when the PDP gives no answer
 */
export async function replay(
  records: AsyncIterable<EvidenceRecord>,
  pdp: Pdp,
  options: ReplayOptions,
  onChange: (change: Change) => void,
): Promise<ReplayCounts> {
  const counts: ReplayCounts = {
    replayed: 0,
    changed: 0,
    withoutPolicy: 0,
    masked: 0,
    withoutCall: 0,
    readOtherwise: 0,
    notReadAgain: 0,
    shadow: 0,
  };
  let window: Replayable[] = [];
  const run = async () => {
    const results = await checkAll(window, pdp, options);
    window.forEach((record, index) => {
      const result = results[index];
      if (result === undefined) throw new Error('every check has a result');
      counts.replayed += 1;
      if (!result.policyFound) counts.withoutPolicy += 1;
      if (result.effect === record.effect) return;
      counts.changed += 1;
      onChange({ record, to: result.effect, result });
    });
    window = [];
  };
  for await (const record of records) {
    if (record.mode === 'shadow') counts.shadow += 1;
    else if (!isReplayable(record)) counts.withoutCall += 1;
    else if (isUnfaithful(record, options)) counts.masked += 1;
    else window.push(readAgain(record, options.catalog, counts));
    if (window.length >= WINDOW) await run();
  }
  await run();
  return counts;
}

function readAgain(record: Replayable, catalog: CatalogReapplication | undefined, counts: ReplayCounts): Replayable {
  if (catalog === undefined) return record;
  const attr = catalog.attributes(record);
  if (attr === undefined) {
    counts.notReadAgain += 1;
    return record;
  }
  if (!isDeepStrictEqual(attr, record.resource.attr)) counts.readOtherwise += 1;
  return { ...record, resource: { ...record.resource, attr } };
}

function isReplayable(record: EvidenceRecord): record is Replayable {
  const { resource, action, replay, principal } = record;
  return resource !== undefined && action !== undefined && replay !== undefined && principal.roles.length > 0;
}

function isUnfaithful({ replay }: Replayable, options: ReplayOptions): boolean {
  if (!replay.masked || options.masked) return false;
  return options.readsParams || options.catalog !== undefined || replay.maskedParamsOnly !== true;
}

async function checkAll(
  records: readonly Replayable[],
  pdp: Pdp,
  options: ReplayOptions,
): Promise<(CheckResult | undefined)[]> {
  const results: (CheckResult | undefined)[] = new Array(records.length).fill(undefined);
  const batches = batchesOf(records, options);
  const worker = async () => {
    for (let batch = batches.pop(); batch !== undefined; batch = batches.pop()) {
      const answers = await check(batch.map((index) => records[index]).filter(isDefined), pdp, options);
      batch.forEach((index, position) => {
        results[index] = answers[position];
      });
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, worker));
  return results;
}

/** Places of records that may share a check. */
function batchesOf(records: readonly Replayable[], options: ReplayOptions): number[][] {
  const open = new Map<string, number[]>();
  const batches: number[][] = [];
  records.forEach((record, index) => {
    const asked = options.readsAges ? record.principal : JSON.stringify(record.principal, withoutAges);
    const key = JSON.stringify([asked, questionOf(record, options)]);
    let batch = open.get(key);
    if (batch === undefined || batch.length >= RESOURCES_PER_CHECK) {
      batch = [];
      open.set(key, batch);
      batches.push(batch);
    }
    batch.push(index);
  });
  return batches;
}

function withoutAges(name: string, value: unknown): unknown {
  return name === 'ageSeconds' ? undefined : value;
}

async function check(records: readonly Replayable[], pdp: Pdp, options: ReplayOptions): Promise<CheckResult[]> {
  const [first] = records;
  if (first === undefined) return [];
  const { id, roles, attr } = first.principal;
  return askAsGateway(
    pdp,
    { id, roles, attr: attr as JsonObject },
    records.map(({ resource, action }) => ({ ...resource, action, attr: resource.attr as JsonObject })),
    { ...questionOf(first, options), requestId: `replay: ${first.id}` },
  );
}

/**
 * Asks about each call first, then about each of its effects, as the gateway does.
 *
 * @returns for each call its first denial, else its own answer
 * @throws PdpError when the PDP gives no answer
 */
export async function askAsGateway(
  pdp: Pdp,
  principal: PdpPrincipal,
  calls: readonly PdpResource[],
  question: { readonly policyVersion: string; readonly scope: string; readonly requestId?: string },
): Promise<CheckResult[]> {
  const asked = calls.map(({ attr }) => [
    attr,
    ...listedEffects(attr).map((summary) => effectAttributes(attr, summary)),
  ]);
  const answers = await pdp.check(
    {
      principal,
      resources: calls.flatMap(({ kind, id, action }, index) =>
        (asked[index] ?? []).map((attr, part) => ({
          kind,
          id: `${id || 'call'}${part === 0 ? '' : `~effect${part - 1}`}`,
          // As the gateway asks about a call without a name.
          action: action || '(empty)',
          attr,
        })),
      ),
      requestId: 'check',
      ...question,
    },
    { timeoutMs: CHECK_MS },
  );
  let next = 0;
  return asked.map(({ length }) => {
    const parts = answers.slice(next, next + length);
    next += length;
    const answer = parts.find(({ effect }) => effect !== 'ALLOW') ?? parts[0];
    if (answer === undefined) throw new Error('every check has a result');
    return answer;
  });
}

function questionOf({ replay }: Replayable, options: ReplayOptions): { policyVersion: string; scope: string } {
  return { policyVersion: options.policyVersion ?? replay.policyVersion, scope: options.scope ?? replay.scope };
}

function isDefined<T>(value: T | undefined): value is T {
  return value !== undefined;
}
