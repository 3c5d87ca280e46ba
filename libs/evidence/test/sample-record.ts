import { v7 as uuidv7 } from 'uuid';
import { EVIDENCE_SCHEMA_VERSION, type EvidenceRecord } from '../src/record.js';

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
    requestId: 'req_1',
    sessionId: 'session-1',
    requestKey: 'req_1',
    decisionKey: 'd'.repeat(64),
    principal: {
      id: 'ada@example.com',
      roles: ['user'],
      attr: { department: 'Engineering', context: { okta: { status: 'fresh', ageSeconds: 3 } } },
    },
    attributeOrigins: { department: { source: 'okta', ageSeconds: 3 } },
    resource: { kind: 'aperture_hook', id: 'call_1', attr: { params: { sql: 'select 1' } } },
    action: 'mcp__db__query',
    catalogEntry: 'database',
    effect: 'ALLOW',
    reason: 'policy_allowed',
    mode: 'enforce',
    enforced: true,
    reply: 'allow',
    policy: { version: 'default', rules: [], derivedRoles: [], outputs: [], cerbosCallId: '01J' },
    replay: { policyVersion: 'default', scope: '', masked: false },
    durationsMs: { context: 1, pdp: 2, total: 4 },
    ...changes,
  };
}
