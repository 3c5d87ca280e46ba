import { EVIDENCE_SCHEMA_VERSION, type EvidenceRecord } from '@iris/evidence';
import { v7 as uuidv7 } from 'uuid';

const PERSONS = 2000;
const SERVERS = 25;
const TOOLS = 120;
const RULES = 40;
const CALLS_OF_SESSION = 25;
const CATEGORIES = ['shell', 'database', 'code', 'tickets', 'calendar', 'files', 'cloud', 'chat'];
const SOURCES = ['okta', 'workday', 'servicenow', 'pagerduty', 'tailscale'];
const TEXT =
  'select id, state, amount from orders where state = $1 and region = $2 order by created_at desc limit 100; ';

export interface LoadOptions {
  readonly records: number;
  /** Over how many days they are spread. */
  readonly days: number;
  /** Time of the last one. */
  readonly until: Date;
}

/** Decisions of a company in the order of time, the same for the same options but for random parts of ids. */
export async function* loadRecords({ records, days, until }: LoadOptions): AsyncGenerator<EvidenceRecord> {
  const random = mulberry32(7);
  const from = until.getTime() - days * 86_400_000;
  const step = (until.getTime() - from) / records;
  for (let index = 0; index < records; index += 1) yield recordAt(index, new Date(from + (index + 1) * step), random);
}

export const personOf = (index: number) => `person${index % PERSONS}@example.com`;
export const toolOf = (index: number) => `mcp__server${index % SERVERS}__tool${index % TOOLS}`;
export const ruleOf = (index: number) => `resource.aperture_hook.vdefault#rule-${index % RULES}`;
export const sessionOf = (index: number) => `session-${Math.floor(index / CALLS_OF_SESSION)}`;

function recordAt(index: number, time: Date, random: () => number): EvidenceRecord {
  // The square makes few persons and tools frequent, as they are.
  const person = Math.floor(random() ** 2 * PERSONS);
  const tool = Math.floor(random() ** 2 * TOOLS);
  const isDenied = random() < 0.04;
  const kind = random();
  const isShadow = kind < 0.03;
  const isObserved = !isShadow && kind < 0.15;
  const late = random() < 0.03 ? Math.floor(random() * SOURCES.length) : -1;
  const iso = time.toISOString();
  return {
    schema: 'iris.evidence.v1',
    schemaVersion: EVIDENCE_SCHEMA_VERSION,
    id: uuidv7({ msecs: time.getTime() }),
    time: iso,
    traceId: index.toString(16).padStart(32, '0'),
    event: random() < 0.9 ? 'pre_request' : 'tool_call_response',
    phase: 'executed',
    hookKey: 'aperture',
    requestId: `req_${index}`,
    sessionId: sessionOf(index),
    decisionKey: index.toString(16).padStart(64, 'd'),
    principal: { id: personOf(person), roles: ['user'], attr: { department: `Department ${person % 30}` } },
    attributeOrigins: { department: { source: 'workday', ageSeconds: 40 } },
    sources: Object.fromEntries(
      SOURCES.map((source, at) => [source, { status: at === late ? 'stale' : 'fresh', ageSeconds: 40, origin: 'l1' }]),
    ),
    resource: {
      kind: 'aperture_hook',
      id: `call_${index}`,
      attr: {
        category: CATEGORIES[tool % CATEGORIES.length] ?? '',
        tool: { name: toolOf(tool), server: `server${tool % SERVERS}`, operation: `tool${tool}` },
        params: { sql: TEXT.slice(Math.floor(random() * 60)) },
      },
    },
    action: toolOf(tool),
    effect: isDenied ? 'DENY' : 'ALLOW',
    reason: isDenied ? (random() < 0.9 ? 'policy_denied' : 'context_unavailable') : 'policy_allowed',
    mode: isShadow ? 'shadow' : isObserved ? 'observe' : 'enforce',
    enforced: !isShadow && !isObserved,
    reply: isDenied && !isObserved ? 'modify' : 'allow',
    policy: {
      version: 'default',
      rules: [ruleOf(isDenied ? 30 + (tool % 10) : tool % 30)],
      derivedRoles: [],
      outputs: [],
    },
    durationsMs: { context: 1, pdp: 2, total: 4 },
  };
}

/** A small generator of numbers from 0 to 1 with a seed. */
function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
