import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import Table from 'cli-table3';
import type { Mesh } from '../mesh/mesh.js';
import { HOOK_KEY } from '../mesh/mesh.js';
import { hookOf, type Sample } from './sample-hooks.js';

/** What came of a sample: the reply, the evidence, and how long it took with and without facts in the cache. */
export interface SampleOutcome {
  readonly sample: Sample;
  readonly verdict: string;
  readonly rule: string;
  readonly facts: string;
  readonly coldMs: number;
  readonly warmMs: number;
}

/** Facts that the rules of the pack ask for, by the path in the record's principal. */
const SHOWN_FACTS = ['department', 'employmentStatus', 'onCall', 'groups', 'tailscale.device.managed'] as const;

interface Evidence {
  readonly requestId?: string;
  readonly action?: string;
  readonly effect: string;
  readonly principal: { readonly attr: Record<string, unknown> };
  readonly policy: { readonly rules: readonly string[] };
}

/** Sends a sample twice, in two sessions, so that the second one finds its facts in the cache. */
export async function runSample(mesh: Mesh, sample: Sample, name: string): Promise<SampleOutcome> {
  const cold = await send(mesh, sample, `${name}_cold`);
  const warm = await send(mesh, sample, `${name}_warm`);
  const record = await evidenceOf(mesh, `req_${name}_warm`);
  return {
    sample,
    verdict: verdictOf(warm.reply),
    rule: record?.policy.rules.map((rule) => rule.replace(/^.*#/, '')).join(', ') ?? '-',
    facts: record === undefined ? '-' : factsOf(record),
    coldMs: cold.ms,
    warmMs: warm.ms,
  };
}

/** The outcomes as a table for a terminal. */
export function printTable(outcomes: readonly SampleOutcome[]): string {
  const table = new Table({
    head: ['who', 'wants', 'client', 'verdict', 'deciding rule', 'facts', 'cold ms', 'warm ms'],
    colWidths: [10, 20, 14, 17, 20, 34, 9, 9],
    wordWrap: true,
    wrapOnWordBoundary: true,
    style: { head: [], border: [] },
  });
  for (const { sample, verdict, rule, facts, coldMs, warmMs } of outcomes) {
    table.push([
      sample.login.replace(/@.*$/, ''),
      sample.wish,
      sample.client.replace(/\/.*$/, ''),
      verdict,
      rule,
      facts,
      coldMs.toFixed(0),
      warmMs.toFixed(1),
    ]);
  }
  return table.toString();
}

async function send(mesh: Mesh, sample: Sample, turn: string): Promise<{ reply: Record<string, unknown>; ms: number }> {
  const body = JSON.stringify(hookOf(sample, mesh.sandbox.admin.company, turn));
  const start = performance.now();
  const response = await fetch(`${mesh.gateways[0]?.url}/ext/aperture/pre_request`, {
    method: 'POST',
    headers: { authorization: `Bearer ${HOOK_KEY}`, 'content-type': 'application/json' },
    body,
  });
  const reply = (await response.json()) as Record<string, unknown>;
  return { reply, ms: performance.now() - start };
}

function verdictOf(reply: Record<string, unknown>): string {
  if (reply.action === 'allow') return 'allow';
  return reply.action === 'modify' ? 'deny: result withheld' : 'deny: blocked';
}

async function evidenceOf(mesh: Mesh, requestId: string): Promise<Evidence | undefined> {
  const directory = mesh.gateways[0]?.evidenceDirectory ?? '';
  for (const file of (await readdir(directory, { recursive: true })).filter((name) => name.endsWith('.jsonl'))) {
    for (const line of (await readFile(join(directory, file), 'utf8')).split('\n')) {
      if (!line.includes(`"${requestId}"`)) continue;
      const record = JSON.parse(line) as Evidence;
      if (record.action !== undefined) return record;
    }
  }
  return undefined;
}

function factsOf({ principal }: Evidence): string {
  return SHOWN_FACTS.flatMap((path) => {
    const value = path
      .split('.')
      .reduce<unknown>((object, key) => (object as Record<string, unknown> | undefined)?.[key], principal.attr);
    if (value === undefined || (Array.isArray(value) && value.length === 0)) return [];
    const name = path.split('.').at(-1);
    return [`${name}=${Array.isArray(value) ? value.slice(0, 2).join('+') : String(value)}`];
  }).join(' ');
}
