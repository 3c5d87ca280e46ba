import { EVIDENCE_SCHEMA_VERSION, type EvidenceRecord, erasedLine } from '@iris/evidence';
import { v7 as uuidv7 } from 'uuid';

/** A whole record; `changes` replace fields. */
export function sampleRecord(changes: Partial<EvidenceRecord> = {}): EvidenceRecord {
  return {
    schema: 'iris.evidence.v1',
    schemaVersion: EVIDENCE_SCHEMA_VERSION,
    id: uuidv7(),
    time: '2026-11-05T10:00:00.000Z',
    traceId: '0af7651916cd43dd8448eb211c80319c',
    event: 'pre_request',
    phase: 'executed',
    hookKey: 'aperture',
    sessionId: 'session-1',
    decisionKey: 'd'.repeat(64),
    principal: { id: 'ada@example.com', roles: ['user'], attr: { department: 'Engineering' } },
    attributeOrigins: { department: { source: 'okta', ageSeconds: 3 } },
    resource: { kind: 'aperture_hook', id: 'call_1', attr: { params: { sql: 'select 1' } } },
    action: 'mcp__db__query',
    effect: 'ALLOW',
    reason: 'policy_allowed',
    mode: 'enforce',
    enforced: true,
    reply: 'allow',
    policy: { version: 'default', rules: [], derivedRoles: [], outputs: [] },
    durationsMs: { context: 1, pdp: 2, total: 4 },
    ...changes,
  };
}

/** The same record after its person was erased. */
export function erasedRecord(record: EvidenceRecord): EvidenceRecord {
  return JSON.parse(erasedLine(record, { reason: 'request 7', time: new Date('2026-11-05T13:00:00Z') }));
}
