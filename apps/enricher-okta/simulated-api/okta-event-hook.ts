import { randomBytes, randomUUID } from 'node:crypto';
import { type Company, type DeliveryAttempt, deliver, oktaId } from '@iris/simulation';
import { userId } from './okta-records.js';

/** One event of a hook, for example `user.lifecycle.suspend` or `group.user_membership.add`. */
export interface OktaHookEvent {
  readonly eventType: string;
  readonly login: string;
  /** Key of the group, `<type>:<name>`, of a membership event. */
  readonly group?: string;
  /** Ms; the present time of the sandbox when absent. */
  readonly published?: number;
  readonly result?: 'SUCCESS' | 'FAILURE';
  /** A new one when absent. */
  readonly uuid?: string;
}

export interface OktaHookTarget {
  readonly url: string;
  /** The whole value of the Authorization header. */
  readonly authorization: string;
}

export interface OktaHookDelivery extends OktaHookTarget {
  readonly events: readonly OktaHookEvent[];
  /** A new one when absent. */
  readonly eventId?: string;
  readonly repeat?: number;
}

/** Okta waits this long for an answer to a hook, and tries once more. */
const HOOK_TIMEOUT_MS = 3000;

/** The one GET by which Okta proves that the endpoint is the org's: it must give the challenge back. */
export async function verifyOktaHook(target: OktaHookTarget): Promise<{ status: number; verified: boolean }> {
  const challenge = randomBytes(24).toString('base64url');
  const reply = await fetch(target.url, {
    headers: { authorization: target.authorization, 'x-okta-verification-challenge': challenge },
    signal: AbortSignal.timeout(HOOK_TIMEOUT_MS),
    redirect: 'manual',
  });
  const text = await reply.text();
  return { status: reply.status, verified: reply.status === 200 && verificationOf(text) === challenge };
}

function verificationOf(text: string): unknown {
  try {
    return (JSON.parse(text) as { verification?: unknown } | null)?.verification;
  } catch {
    return undefined;
  }
}

/** @throws UnknownFactError for an event of a person whom the company does not have */
export async function sendOktaHook(company: Company, delivery: OktaHookDelivery): Promise<DeliveryAttempt[]> {
  const now = new Date(company.now).toISOString();
  const body = {
    eventType: 'com.okta.event_hook',
    eventTypeVersion: '1.0',
    cloudEventsVersion: '0.1',
    source: 'https://lumen.okta.example/api/v1/eventHooks/whoSandboxEventHook1',
    eventId: delivery.eventId ?? randomUUID(),
    eventTime: now,
    contentType: 'application/json',
    data: { events: delivery.events.map((event) => logEvent(company, event)) },
  };
  return deliver({
    url: delivery.url,
    headers: { authorization: delivery.authorization },
    body: JSON.stringify(body),
    timeoutMs: HOOK_TIMEOUT_MS,
    retries: 1,
    repeat: delivery.repeat,
  });
}

function logEvent(company: Company, event: OktaHookEvent): Record<string, unknown> {
  const person = company.person(event.login);
  const target = (id: string, type: string, alternateId: string, displayName: string) => ({
    id,
    type,
    alternateId,
    displayName,
    detailEntry: null,
  });
  const targets = [target(userId(person), 'User', person.login, `${person.firstName} ${person.lastName}`)];
  if (event.group !== undefined) {
    const name = event.group.slice(event.group.indexOf(':') + 1);
    targets.unshift(target(oktaId('00g', event.group), 'UserGroup', 'unknown', name));
  }
  return {
    uuid: event.uuid ?? randomUUID(),
    published: new Date(event.published ?? company.now).toISOString(),
    eventType: event.eventType,
    version: '0',
    severity: 'INFO',
    legacyEventType: null,
    displayMessage: event.eventType,
    actor: target('00uServiceAccount001', 'User', 'admin@lumen.example', 'Lumen Admin'),
    client: { ipAddress: '192.0.2.10', device: 'Computer', zone: 'null' },
    outcome: { result: event.result ?? 'SUCCESS', reason: null },
    target: targets,
    transaction: { type: 'WEB', id: randomBytes(12).toString('base64url'), detail: {} },
    debugContext: { debugData: {} },
  };
}
