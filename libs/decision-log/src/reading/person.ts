import { type Kysely, sql } from 'kysely';
import type { PersonView, ToolSeen } from '../decision-log.js';
import type { LogTables } from '../schema/tables.js';
import { personKey } from '../writing/log-row.js';
import { readPage } from './pages.js';

const RECENT = 50;
/** Over how many decisions tools and sessions are looked for. */
const LOOK_BACK = 20_000;
const MAX_SESSIONS = 200;

export async function readPerson(db: Kysely<LogTables>, id: string): Promise<PersonView> {
  const latest = sql`
    SELECT time, shape, session FROM decisions WHERE person_key = ${personKey(id)}
    ORDER BY time DESC, id DESC LIMIT ${LOOK_BACK}`;
  const { rows: tools } = await sql<ToolSeen & { server: string | null; category: string | null }>`
    SELECT s.tool, s.server, s.category, sum(d.n)::bigint AS decisions,
      coalesce(sum(d.n) FILTER (WHERE s.effect = 'DENY'), 0)::bigint AS denials, max(d.last) AS "lastSeen"
    FROM (SELECT shape, count(*) AS n, max(time) AS last FROM (${latest}) l GROUP BY shape) d
    JOIN decision_shapes s ON s.shape = d.shape
    WHERE s.tool IS NOT NULL AND s.force <> 'shadow'
    GROUP BY s.tool, s.server, s.category ORDER BY "lastSeen" DESC`.execute(db);
  const { rows: sessions } = await sql<PersonView['sessions'][number]>`
    SELECT l.session, count(*) AS decisions, max(l.time) AS "lastSeen"
    FROM (${latest}) l WHERE l.session IS NOT NULL
    GROUP BY l.session ORDER BY "lastSeen" DESC LIMIT ${MAX_SESSIONS}`.execute(db);
  const { decisions: recent } = await readPage(db, { person: [id] }, 'newest first', { limit: RECENT });
  return {
    recent,
    tools: tools.map(({ server, category, ...tool }) => ({
      ...tool,
      server: server ?? undefined,
      category: category ?? undefined,
    })),
    sessions,
  };
}
