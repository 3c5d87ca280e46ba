import type { EvidenceRecord } from '@iris/evidence';

/** A recorded denial: a query of production by an engineer who is not on call. */
export function recordOfDenial(changes: Partial<EvidenceRecord> = {}): EvidenceRecord {
  return {
    schema: 'iris.evidence.v1',
    schemaVersion: 2,
    id: '019abc00-0000-7000-8000-000000000001',
    time: '2026-11-06T18:30:00.000Z',
    traceId: '0123456789abcdef0123456789abcdef',
    event: 'pre_request',
    phase: 'requested',
    hookKey: 'aperture',
    requestId: 'req-1',
    sessionId: 'session-1',
    principal: {
      id: 'ben@lumen.example',
      roles: ['user'],
      attr: {
        kind: 'user',
        department: 'Platform Engineering',
        employmentStatus: 'active',
        onCall: false,
        okta: { live: true, department: 'Platform Engineering' },
        workday: { employmentStatus: 'active' },
        pagerduty: { onCall: false, onCallUntil: '2026-11-06T18:18:00.000Z' },
        context: {
          okta: { status: 'fresh', ageSeconds: 300 },
          workday: { status: 'fresh', ageSeconds: 600 },
          pagerduty: { status: 'fresh', ageSeconds: 40 },
        },
      },
    },
    attributeOrigins: {
      department: { source: 'okta', ageSeconds: 300 },
      employmentStatus: { source: 'workday', ageSeconds: 600 },
      onCall: { source: 'pagerduty', ageSeconds: 40 },
    },
    sources: {
      okta: { status: 'fresh', ageSeconds: 300, origin: 'redis' },
      workday: { status: 'fresh', ageSeconds: 600, origin: 'redis' },
      pagerduty: {
        status: 'fresh',
        ageSeconds: 40,
        freshUntil: '2026-11-06T18:29:50.000Z',
        staleUntil: '2026-11-06T18:31:20.000Z',
        origin: 'redis',
      },
    },
    resource: {
      kind: 'aperture_hook',
      id: 'call-1',
      attr: {
        tool: { name: 'mcp__postgres__query', server: 'postgres', operation: 'query', anomalies: [] },
        category: 'database',
        operation: 'read',
        environment: 'production',
        phase: 'requested',
        paramsStatus: 'ok',
        params: { sql: 'select 1', password: '[masked]' },
        client: { name: 'claude-code' },
      },
    },
    action: 'mcp__postgres__query',
    effect: 'DENY',
    reason: 'policy_denied',
    mode: 'enforce',
    enforced: true,
    reply: 'block',
    policy: {
      version: 'default',
      matched: 'resource.aperture_hook.vdefault',
      rules: ['resource.aperture_hook.vdefault#production-systems'],
      derivedRoles: ['live_person', 'engineer'],
      outputs: [
        {
          source: 'resource.aperture_hook.vdefault#production-systems',
          value: {
            message:
              'Production systems need an on-call shift that PagerDuty confirms at this moment. A system whose environment is not recognised counts as production.',
            statusCode: 403,
          },
        },
      ],
    },
    replay: { policyVersion: 'default', scope: '', masked: true, maskedParamsOnly: true },
    revisions: { iris: '0.1.0', policies: '5582ec01581231ae' },
    durationsMs: { context: 12, pdp: 4, total: 20 },
    ...changes,
  };
}
