import { setTimeout as sleep } from 'node:timers/promises';
import { VENDOR_NAMES, type VendorName } from '../../../apps/sandbox/src/vendor-name.js';
import { BUDGET_MS, type ChaosMesh } from './chaos-mesh.js';
import type { DeliveredRecord } from './evidence-sink.js';
import { NEVER_PASSES, WELL } from './mixed-hooks.js';
import { type SentHook, SteadyLoad } from './steady-load.js';

/** One fault under steady load. */
export interface FaultCell {
  readonly name: string;
  /** How long the fault lasts, in ms; 2500 when absent. */
  readonly faultMs?: number;
  /** The vendor whose requests are counted; all of them when absent. */
  readonly vendor?: VendorName;
  readonly strike: (chaos: ChaosMesh) => unknown;
  readonly heal: (chaos: ChaosMesh) => unknown;
  /** Whether a hook shows that the mesh has recovered; by default that it has the fate of good health. */
  readonly isWell?: (hook: SentHook, record: DeliveredRecord) => boolean;
  /** Reply times may be so much longer than the budget, in ms: for a fault that stops the gateway itself. */
  readonly extraMs?: number;
  /** Whether hooks may stay without a reply: those that were in flight in a gateway that was killed. */
  readonly mayLose?: boolean;
}

/** What was seen of a cell from the outside. */
export interface CellOutcome {
  readonly name: string;
  /** Hooks sent until all was well. */
  readonly hooks: readonly SentHook[];
  /** Those of them that were sent while the fault lasted. */
  readonly struck: readonly SentHook[];
  /** Those of them that were answered while it lasted too. */
  readonly during: readonly SentHook[];
  readonly worstMs: number;
  /** From the end of the fault to the first hook from which on all is well. */
  readonly recoveredMs: number;
  /** Requests that reached the vendors while the fault lasted. */
  readonly vendorCalls: Readonly<Record<string, number>>;
  /** Records that came for hooks that were answered. */
  readonly delivered: ReadonlyMap<SentHook, DeliveredRecord>;
  /** What contradicts an invariant; empty when nothing does. */
  readonly violations: readonly string[];
}

const FAULT_MS = 2500;
const EVERY_MS = 50;
/** The machine that runs the load is shared with everything that it loads, in ms. */
const MARGIN_MS = 500;
/** After so many good hooks in a row all is well: each kind came three times. */
const STREAK = 21;
const RECOVERY_LIMIT_MS = 60_000;
/** A recovery that took longer states what it waited for, in ms. */
const LONG_MS = 5000;
/** A hook for which the machine stood still for longer is no evidence about the mesh, in ms. */
const STARVED_MS = 150;
const POLL_MS = 50;
const SHOWN_VIOLATIONS = 5;

/** Strikes, heals and waits until all is well, under load, and judges what was seen. */
export async function runCell(chaos: ChaosMesh, cell: FaultCell): Promise<CellOutcome> {
  const { mesh, evidence } = chaos;
  evidence.forget();
  mesh.sandbox.admin.clearCalls();
  const load = new SteadyLoad(chaos.hooks, mesh.gateways, EVERY_MS);
  try {
    let struckAt: number;
    let vendorCalls: Record<string, number>;
    try {
      await cell.strike(chaos);
      struckAt = performance.now();
      await sleep(cell.faultMs ?? FAULT_MS);
      vendorCalls = Object.fromEntries(VENDOR_NAMES.map((name) => [name, mesh.sandbox.admin.calls(name).total]));
    } finally {
      await cell.heal(chaos);
    }
    const healedAt = performance.now();
    const { ms: recoveredMs, fault } = await untilWell(chaos, cell, load, healedAt);
    await load.stop();
    const delivered = await deliveredOf(chaos, load.hooks);
    const struck = load.hooks.filter(({ sentAt }) => sentAt >= struckAt && sentAt < healedAt);
    const during = struck.filter(({ doneAt = healedAt }) => doneAt < healedAt);
    const worstMs = Math.max(
      ...load.hooks.map(({ sentAt, doneAt = sentAt, starvedMs = 0 }) => doneAt - sentAt - starvedMs),
    );
    const violations = [...violationsOf(cell, load.hooks, delivered), ...(fault === undefined ? [] : [fault])];
    return {
      name: cell.name,
      hooks: load.hooks,
      struck,
      worstMs,
      recoveredMs,
      vendorCalls,
      delivered,
      violations,
      during,
    };
  } finally {
    await load.stop();
  }
}

/** A hook that is blocked because it cannot be recorded is the one that leaves no record. */
export function isRecorded({ reason }: SentHook): boolean {
  return reason !== 'evidence_unavailable';
}

interface Recovery {
  readonly ms: number;
  readonly fault?: string;
}

async function untilWell(chaos: ChaosMesh, cell: FaultCell, load: SteadyLoad, healedAt: number): Promise<Recovery> {
  const endsAt = performance.now() + RECOVERY_LIMIT_MS;
  let seen = 0;
  let streak: SentHook[] = [];
  let lastBad: SentHook | undefined;
  while (performance.now() < endsAt) {
    for (; seen < load.hooks.length; seen += 1) {
      const hook = load.hooks[seen];
      if (hook === undefined || hook.sentAt < healedAt) continue;
      if (hook.doneAt === undefined) break;
      const record = chaos.evidence.of(hook.requestId);
      if (hook.fault === undefined && record === undefined && isRecorded(hook)) break;
      const isWell = hook.fault === undefined && hook.fate === WELL[hook.kind];
      if (isWell && record !== undefined && (cell.isWell?.(hook, record) ?? true)) streak.push(hook);
      else if ((hook.starvedMs ?? 0) < STARVED_MS) {
        streak = [];
        lastBad = hook;
      }
      if (streak.length < STREAK) continue;
      const ms = Math.max(0, (streak[0]?.sentAt ?? healedAt) - healedAt);
      if (ms > LONG_MS) process.stdout.write(`${cell.name}: the last that was not well: ${JSON.stringify(lastBad)}\n`);
      return { ms };
    }
    await sleep(POLL_MS);
  }
  const last = { lastBad, record: lastBad && chaos.evidence.of(lastBad.requestId), waitsFor: load.hooks[seen] };
  return { ms: RECOVERY_LIMIT_MS, fault: `not well a minute after the fault: ${JSON.stringify(last)}` };
}

/** Waits until the evidence of each answered hook is there, or it is clear that some is missing. */
async function deliveredOf(chaos: ChaosMesh, hooks: readonly SentHook[]): Promise<Map<SentHook, DeliveredRecord>> {
  const answered = hooks.filter((hook) => hook.fault === undefined && isRecorded(hook));
  const endsAt = performance.now() + RECOVERY_LIMIT_MS;
  for (;;) {
    const delivered = new Map(
      answered.flatMap((hook) => {
        const record = chaos.evidence.of(hook.requestId);
        return record === undefined ? [] : [[hook, record] as const];
      }),
    );
    if (delivered.size === answered.length || performance.now() > endsAt) return delivered;
    await sleep(POLL_MS);
  }
}

function violationsOf(
  cell: FaultCell,
  hooks: readonly SentHook[],
  delivered: ReadonlyMap<SentHook, DeliveredRecord>,
): string[] {
  const found: string[] = [];
  const add = (what: string, wrong: readonly SentHook[]) => {
    if (wrong.length === 0) return;
    const shown = wrong.slice(0, SHOWN_VIOLATIONS).map((hook) => JSON.stringify(hook));
    found.push(`${wrong.length} of ${hooks.length} hooks ${what}: ${shown.join(', ')}`);
  };
  const isLost = ({ status, fault }: SentHook) => cell.mayLose === true && fault !== undefined && status === undefined;
  const limitMs = BUDGET_MS + MARGIN_MS + (cell.extraMs ?? 0);
  const isLate = ({ sentAt, doneAt = sentAt, starvedMs = 0 }: SentHook) => doneAt - sentAt - starvedMs > limitMs;
  add(
    'have no valid verdict',
    hooks.filter((hook) => hook.fault !== undefined && !isLost(hook)),
  );
  add(`were answered after more than ${limitMs} ms`, hooks.filter(isLate));
  add(
    'passed and must not',
    hooks.filter(({ kind, fate }) => NEVER_PASSES.has(kind) && fate === 'passed'),
  );
  add(
    'were answered and have no evidence',
    hooks.filter((hook) => hook.fault === undefined && isRecorded(hook) && !delivered.has(hook)),
  );
  add(
    'were denied by the evidence and passed',
    hooks.filter((hook) => hook.fate === 'passed' && delivered.get(hook)?.effect === 'DENY'),
  );
  return found;
}
